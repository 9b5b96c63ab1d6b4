"""Promises to pay that debtors made, from the events of dunning-svc."""
