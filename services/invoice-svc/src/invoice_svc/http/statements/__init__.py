"""/v1/customers/{id}/statement."""
