"""Litigation file: what a court or a partner has to see of a customer's open invoices, as documents."""
