"""Cheques, bills and notes by maturity, and those that a day settles."""
