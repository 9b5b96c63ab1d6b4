"""Tables of this service that are no read model: they cannot be folded again from the ledger."""
