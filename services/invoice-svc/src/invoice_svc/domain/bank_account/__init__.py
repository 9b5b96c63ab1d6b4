"""A bank account of the creditor: the statements taken of it, and the map of its CSV files."""
