"""Cash of a history, counted naively from its events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.invoice import PaymentApplied, PaymentUnapplied


def received_between(events: Iterable[Recorded], first: date, last: date) -> int:
    """Return the amounts of payments received within these days that are applied to invoices and not undone."""
    standing: dict[str, PaymentApplied] = {}
    for e in events:
        if isinstance(e.data, PaymentApplied):
            standing[e.data.allocation_id] = e.data
        elif isinstance(e.data, PaymentUnapplied):
            del standing[e.data.allocation_id]
    return sum(each.amount_minor for each in standing.values() if first <= each.received_on <= last)
