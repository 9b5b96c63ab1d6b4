"""Answers of debtors by HTTP, without a key."""
