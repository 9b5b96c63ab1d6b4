"""Schedule of a customer's statements of account, and the statements that were decided by it."""
