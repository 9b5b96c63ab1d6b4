"""Money in: received, identified, allocated, released, reversed."""
