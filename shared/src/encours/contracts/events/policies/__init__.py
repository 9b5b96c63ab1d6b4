"""Dunning policies: their documents and events."""
