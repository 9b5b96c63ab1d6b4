"""Queries behind the journal: events of an entity in the order of the ledger, and the lettering of items."""
