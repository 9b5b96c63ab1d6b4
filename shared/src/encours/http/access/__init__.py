"""API keys, the callers that hold them, and their share of requests."""
