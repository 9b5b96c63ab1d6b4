"""Remittance advices: what a debtor says that a transfer pays, kept until the money comes."""
