"""Recurring invoices: a rule gives the dates of periods, and each is billed once."""
