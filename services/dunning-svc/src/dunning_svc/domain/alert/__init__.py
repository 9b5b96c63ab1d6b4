"""Alerts by rules, and their digests."""
