"""Who may ask, and how often: API keys, callers, shares of requests."""
