"""Columns of entries, which are kept beside the subtotals."""
