"""Early warnings about customers: slowing, part payments, promises, disputes, limit drift, concentration."""
