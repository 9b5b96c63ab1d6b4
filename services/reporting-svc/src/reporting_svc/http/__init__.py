"""Routes: parse, ask one query, render."""
