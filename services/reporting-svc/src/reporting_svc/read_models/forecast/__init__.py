"""Debts, payments, promises and plans at the dates of a question, for the cash forecast."""
