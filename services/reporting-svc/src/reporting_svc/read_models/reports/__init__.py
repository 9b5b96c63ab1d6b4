"""Saved reports as lists find them."""
