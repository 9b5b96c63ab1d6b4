"""Transactions of customers, for the search for anomalies."""
