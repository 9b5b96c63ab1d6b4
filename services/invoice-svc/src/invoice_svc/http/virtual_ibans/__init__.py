"""Virtual IBANs of customers."""
