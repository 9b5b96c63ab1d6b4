"""Alerts: objects that meet a rule, and lists."""
