"""NDJSON lines by kind."""
