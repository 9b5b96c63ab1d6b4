"""Runs of custom reports, and their files."""
