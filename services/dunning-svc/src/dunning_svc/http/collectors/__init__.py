"""Collectors and their portfolios."""
