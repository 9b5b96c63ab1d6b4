"""Holds: dunning of a customer rests until a day, for a reason, at a person's word."""
