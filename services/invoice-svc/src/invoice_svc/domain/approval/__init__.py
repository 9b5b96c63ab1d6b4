"""Approval of invoices before their issue: rules by amount and role, four eyes, substitutes."""
