"""Read models: rows that are folded from events alone, with their queries."""
