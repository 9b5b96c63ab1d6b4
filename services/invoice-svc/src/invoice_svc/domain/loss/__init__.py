"""Losses on an invoice: write-off, provision, unrecoverable debt, and what is paid of it later."""
