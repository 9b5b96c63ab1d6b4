"""Limits that a formula proposes, the figures that it uses, and the reviews of limits."""
