"""/v1/recurring: invoices by a rule."""
