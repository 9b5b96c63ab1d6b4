"""Load, decide, append: what the API and the reactions do."""
