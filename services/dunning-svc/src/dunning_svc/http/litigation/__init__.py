"""Litigation files."""
