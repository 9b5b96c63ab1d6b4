"""/v1/tolerances: residual differences that may be closed."""
