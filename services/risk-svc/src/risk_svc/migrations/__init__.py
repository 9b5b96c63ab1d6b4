"""Tables of risk-svc that are no read models, in SQL."""
