"""Cash targets by HTTP."""
