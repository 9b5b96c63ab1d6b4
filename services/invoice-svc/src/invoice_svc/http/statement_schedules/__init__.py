"""/v1/customers/{id}/statement-schedule and /statements: statements that fall due by a rule."""
