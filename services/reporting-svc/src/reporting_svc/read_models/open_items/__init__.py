"""Open items: invoices and instalments with what is open of them, on any day, as known at any position."""
