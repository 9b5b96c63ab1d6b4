"""Value types without technology: money, terms, ids, errors. Nothing here awaits or opens a file."""
