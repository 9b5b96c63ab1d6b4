"""Credit file of a customer: facts, comments, registers."""
