"""Thank-yous by HTTP."""
