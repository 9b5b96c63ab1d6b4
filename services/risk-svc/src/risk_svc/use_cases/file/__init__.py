"""Commands on the credit file of a customer."""
