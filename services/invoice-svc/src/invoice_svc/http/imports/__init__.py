"""/v1/imports."""
