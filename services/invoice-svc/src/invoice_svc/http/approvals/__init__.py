"""Approval of invoices: the circuit of an entity, and the decisions on drafts."""
