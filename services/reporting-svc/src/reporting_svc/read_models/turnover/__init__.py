"""Amounts billed and collected."""
