"""Processes that are run by hand or by a scheduler."""
