"""/v1/sync-checks."""
