"""Policy by which payments without an indication are allocated, as dated data of the entity or of a customer."""
