"""Alert rules and alerts by HTTP."""
