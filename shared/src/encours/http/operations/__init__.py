"""Routes that every service has: health, metrics, read models, meaning of problems."""
