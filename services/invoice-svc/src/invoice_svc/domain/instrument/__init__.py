"""Cheques, bills of exchange and promissory notes: dated promises of a customer, paid or returned on their day."""
