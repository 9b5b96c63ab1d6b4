"""Value types without technology: money, terms, ids, errors. Nothing here awaits, reads a clock or opens a file."""
