"""Residual differences that tolerances closed."""
