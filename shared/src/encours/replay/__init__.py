"""The ledger through the `eventsourcing` library."""
