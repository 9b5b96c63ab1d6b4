"""Holds: a person suspends the dunning of a customer until a day, for a reason."""
