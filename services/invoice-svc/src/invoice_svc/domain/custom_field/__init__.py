"""Custom fields of a creditor: their definition, and the values that objects may have."""
