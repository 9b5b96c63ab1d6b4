"""Code that the four services share: value types, the published language, the ledger, read models and HTTP."""
