"""Debtors."""
