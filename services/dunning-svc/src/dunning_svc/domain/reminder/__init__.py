"""Reminders after their decision: outcome of the dispatch, bounces and receipts."""
