"""Load, decide, append: commands of the API, reactions and outcomes."""
