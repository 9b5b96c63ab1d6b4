"""Title without a court: which invoices the procedure is open to. To be confirmed by counsel."""
