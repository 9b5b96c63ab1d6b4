"""Aged balance by customer."""
