"""Invoices, payments, disputes, customers and imports of Encours."""
