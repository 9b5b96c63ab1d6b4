"""Sandboxes and their sources."""
