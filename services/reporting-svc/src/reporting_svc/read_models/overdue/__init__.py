"""List of invoices past their due date."""
