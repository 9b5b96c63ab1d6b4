"""Placements: a third party collects invoices until they are recalled, and meanwhile nobody else asks for them."""
