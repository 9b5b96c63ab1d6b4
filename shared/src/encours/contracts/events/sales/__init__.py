"""Sales: from quote and order to the disputes about an invoice."""
