"""Decisions on credit, taken again from the ledger."""
