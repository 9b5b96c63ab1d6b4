"""Findings of the review of the books, and their dismissal."""
