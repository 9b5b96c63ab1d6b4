"""Title procedures by HTTP."""
