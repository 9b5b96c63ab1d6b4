"""Search for invoices and customers in the words that people type."""
