"""A dispute on an amount of an invoice. The rest stays collectable; no payment closes it; a person resolves it."""
