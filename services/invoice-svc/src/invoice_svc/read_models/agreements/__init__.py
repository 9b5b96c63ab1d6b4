"""Terms agreed with customers."""
