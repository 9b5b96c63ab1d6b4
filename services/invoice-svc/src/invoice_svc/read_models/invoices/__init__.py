"""Invoices and what moved them."""
