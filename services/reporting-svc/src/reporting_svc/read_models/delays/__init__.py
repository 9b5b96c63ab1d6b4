"""Delays of payment: invoices and instalments by the funds that cover them."""
