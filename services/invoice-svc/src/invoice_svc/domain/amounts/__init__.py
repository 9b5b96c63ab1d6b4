"""Sums of a document: lines, discounts, charges and VAT by rate, from decimal strings."""
