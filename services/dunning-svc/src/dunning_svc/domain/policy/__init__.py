"""Policies: versions of a ladder of steps, as data that decisions refer to."""
