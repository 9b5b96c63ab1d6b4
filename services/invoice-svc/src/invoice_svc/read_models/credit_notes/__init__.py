"""Credit notes, on invoices and without."""
