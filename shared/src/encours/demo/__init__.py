"""A year of real invoices with a generated cash side; see README.md beside this file."""

from encours.demo.load import DEMO_LEDGER, LAST_DAY, Loaded, load

__all__ = ["DEMO_LEDGER", "LAST_DAY", "Loaded", "load"]
