"""States of debts, which subtotals keep: how movements give them, and the columns in which they are read."""
