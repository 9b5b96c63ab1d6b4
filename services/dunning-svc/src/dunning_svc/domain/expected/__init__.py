"""Expected work: what should have happened by now and has not."""
