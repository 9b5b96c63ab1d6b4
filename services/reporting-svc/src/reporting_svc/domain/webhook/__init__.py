"""Rules of webhooks: addresses that may be called, and pauses between attempts."""
