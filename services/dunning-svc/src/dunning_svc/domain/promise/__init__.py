"""Promises of debtors: dunning of the promised invoices rests until their day, with days of grace."""
