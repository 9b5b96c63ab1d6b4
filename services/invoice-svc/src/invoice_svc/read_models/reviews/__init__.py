"""Findings of the review of the books: duplicates, omissions, gaps, and documents that are late."""
