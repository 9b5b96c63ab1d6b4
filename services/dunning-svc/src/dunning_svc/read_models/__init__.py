"""What dunning-svc knows of the ledger, as rows that are folded from events alone."""
