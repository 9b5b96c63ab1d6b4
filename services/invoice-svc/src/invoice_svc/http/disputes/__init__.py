"""/v1/disputes: contested amounts."""
