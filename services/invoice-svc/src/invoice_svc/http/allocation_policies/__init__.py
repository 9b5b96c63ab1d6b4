"""/v1/entities/{id}/allocation-policy: the order in which payments without an indication settle debts."""
