"""Tolerances for residual differences: their setting, and the choice of those that apply to a debtor on a day."""
