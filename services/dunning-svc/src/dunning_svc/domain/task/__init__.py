"""Tasks: work that a step of the ladder, a bounce or a reply assigns to a person. No step depends on its outcome."""
