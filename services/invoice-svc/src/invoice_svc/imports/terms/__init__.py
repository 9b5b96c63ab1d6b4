"""Contract conditions in files: of a customer, or of one invoice."""
