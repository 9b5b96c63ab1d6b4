"""Outcomes of invoices from the items of a customer's account, for the payment model.

The day of settlement and the delays are those of the settlement view: funds count from their receipt, allocated or
not, and the creditor's credit notes, releases and re-allocations say nothing of the payer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from operator import attrgetter

from risk_svc.domain.exposure import ExposureItem
from risk_svc.domain.score.history import InvoiceOutcome

WRITTEN_OFF_DAYS = 365
"""Days for which an invoice that was written off counts as open, as in the score from 0 to 100."""


def outcomes(items: Iterable[ExposureItem], day: date) -> tuple[InvoiceOutcome, ...]:
    """Return the outcomes of a customer in the order of issue, as they are on a day."""
    found = (outcome(item, day) for item in items)
    return tuple(sorted((each for each in found if each is not None), key=attrgetter("place")))


def outcome(item: ExposureItem, day: date) -> InvoiceOutcome | None:
    """Return the outcome of an invoice as it is on a day.

    ``None`` for what says nothing: penalty documents, invoices that nothing was ever owed for, and those written off a
    year ago. The delay of an invoice in instalments is the longest of theirs: it counts as due that many days before it
    is settled, or before the day while it is not.
    """
    if item.is_penalty:
        return None
    issued, due = item.issued_on.toordinal(), item.due_on.toordinal()
    delay = item.delay(day)
    if item.uncovered_minor > 0:
        if not item.open_minor and (day - item.moved_on).days > WRITTEN_OFF_DAYS:
            return None
        return InvoiceOutcome(issued, day.toordinal() - delay if delay else due, None)
    if item.settled_on is None:
        return None
    settled = item.settled_on.toordinal()
    return InvoiceOutcome(issued, settled - delay if delay else due, settled)
