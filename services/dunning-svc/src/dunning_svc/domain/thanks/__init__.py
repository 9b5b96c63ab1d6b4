"""Thank-yous for paid invoices."""
