"""Runs of days."""
