"""Statements of account [relevés de compte] of customers."""
