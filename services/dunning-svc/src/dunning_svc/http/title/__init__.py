"""Title without a court."""
