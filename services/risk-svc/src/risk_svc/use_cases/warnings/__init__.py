"""Early warnings: commands, and the work of a day."""
