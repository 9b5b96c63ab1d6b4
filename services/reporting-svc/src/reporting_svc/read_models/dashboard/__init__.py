"""Figures of the dashboard beside those of other reports."""
