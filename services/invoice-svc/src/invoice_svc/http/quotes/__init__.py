"""/v1/quotes: offers, and their acceptance."""
