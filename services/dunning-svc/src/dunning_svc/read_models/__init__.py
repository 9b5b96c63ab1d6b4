"""Read models: rows folded from events, and their queries."""
