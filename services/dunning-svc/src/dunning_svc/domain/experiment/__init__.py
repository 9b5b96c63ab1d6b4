"""Experiments: assignment by chance, guard-rails, sample size and effect."""
