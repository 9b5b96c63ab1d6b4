"""Receivables of every customer at any date, as known at any moment.

Movements are only ever added. Each keeps the ledger position it came from and the day it counts from, so a
balance as of a date and known at a position is a sum over them. Beside them stand rows for "now", kept by the
projection, that answer for the current day without summing.
"""

from reporting_svc.read_models.receivables.model import Receivables

__all__ = ["Receivables"]
