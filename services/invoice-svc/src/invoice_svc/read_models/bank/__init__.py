"""Bank statements and their lines."""
