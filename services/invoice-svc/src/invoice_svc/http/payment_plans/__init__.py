"""/v1/payment-plans: instalments agreed with a customer over open invoices."""
