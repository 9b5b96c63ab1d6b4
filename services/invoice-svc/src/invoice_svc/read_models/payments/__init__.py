"""Payments of customers."""
