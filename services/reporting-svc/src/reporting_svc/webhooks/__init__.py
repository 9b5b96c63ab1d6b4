"""Webhooks: subscriptions, deliveries and their tables."""
