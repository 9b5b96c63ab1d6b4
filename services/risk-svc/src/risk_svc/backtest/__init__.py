"""Back-tests of limit policies: requests, the process that replays the ledger, their tables."""
