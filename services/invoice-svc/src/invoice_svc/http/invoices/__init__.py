"""/v1/invoices: draft, issue, credit, find, look back."""
