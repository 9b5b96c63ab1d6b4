"""Templates of the ledger: versions, and the one that a message uses."""
