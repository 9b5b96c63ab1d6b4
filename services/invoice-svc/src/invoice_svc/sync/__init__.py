"""Checks of our open items against those of the system beside us."""
