"""Creditors and their number series."""
