"""Tables of reporting-svc besides its read models, as plain SQL."""
