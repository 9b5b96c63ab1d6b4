"""Tasks: work that a step of the ladder gives to a person. The ladder goes on whether it is done or not."""
