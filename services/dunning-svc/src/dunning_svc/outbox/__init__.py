"""Effects: what was decided leaves the house, once, and what became of it is recorded."""
