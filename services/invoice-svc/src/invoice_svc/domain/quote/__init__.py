"""A quote: drafted, sent, then accepted or refused by the customer, or expired by its last day."""
