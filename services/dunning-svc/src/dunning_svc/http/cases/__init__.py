"""Cases of customers."""
