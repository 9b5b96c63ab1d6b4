"""Quotes of customers."""
