"""Holds on customers."""
