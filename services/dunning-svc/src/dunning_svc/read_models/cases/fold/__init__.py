"""Fold of events into the rows of the cases, by subject."""
