"""Expected work."""
