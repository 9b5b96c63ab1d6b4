"""What the four services share: value types, the published language, the ledger, streaming, web."""
