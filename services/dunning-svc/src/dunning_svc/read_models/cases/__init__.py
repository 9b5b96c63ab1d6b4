"""Dunning cases: items on the ladder, accounts, decisions with their outcomes, and the runs of days."""
