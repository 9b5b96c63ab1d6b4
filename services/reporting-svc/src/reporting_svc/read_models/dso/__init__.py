"""Days sales outstanding."""
