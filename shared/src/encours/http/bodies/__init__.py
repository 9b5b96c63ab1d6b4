"""Media types of request bodies."""
