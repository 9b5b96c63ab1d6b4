"""Matching of bank lines with open invoices: every match scored, with the reasons of its score."""
