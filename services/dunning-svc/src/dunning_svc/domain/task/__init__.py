"""Tasks: work that a step of the ladder assigns to a person. The later steps do not depend on its outcome."""
