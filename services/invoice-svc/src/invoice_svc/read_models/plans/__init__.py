"""Payment plans, and those that a day may keep or break."""
