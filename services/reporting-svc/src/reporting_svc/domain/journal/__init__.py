"""Accounting entries [écritures] of the events that move money: accounts, rules, pure functions."""
