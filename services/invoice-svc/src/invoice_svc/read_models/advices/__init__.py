"""Remittance advices of debtors."""
