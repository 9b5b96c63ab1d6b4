"""Orders, their deliveries, and the invoices of these."""
