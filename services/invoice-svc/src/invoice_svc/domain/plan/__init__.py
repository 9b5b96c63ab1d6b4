"""A payment plan: instalments agreed with a customer for open invoices, kept or broken by the payments that come."""
