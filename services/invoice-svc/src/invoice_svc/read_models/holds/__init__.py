"""Holds on customers, from the events of risk-svc."""
