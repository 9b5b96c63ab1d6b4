"""Events from the gateway."""
