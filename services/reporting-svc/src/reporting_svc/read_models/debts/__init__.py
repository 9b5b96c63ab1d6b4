"""States of debts by the movements of their invoices, which subtotals keep."""
