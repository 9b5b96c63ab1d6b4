"""Decisions of the ladder."""
