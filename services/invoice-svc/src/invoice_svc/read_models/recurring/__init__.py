"""Recurring invoices, and those with a period to bill."""
