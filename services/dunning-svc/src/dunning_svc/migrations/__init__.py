"""Tables of dunning-svc that are no read models, in SQL."""
