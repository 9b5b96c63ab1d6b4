"""Exposure [encours] of a customer by component."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from encours.contracts.risk import ExposureSeen


@dataclass(frozen=True, slots=True)
class ExposureItem:
    """An invoice at a date: its open and disputed amounts (minor units) and the day of its settlement."""

    invoice_id: str
    number: str
    issued_on: date
    due_on: date
    total_minor: int
    open_minor: int
    disputed_minor: int
    settled_on: date | None
    """Day from which the open amount is zero; ``None`` while it is not."""

    def days_past_due(self, day: date) -> int:
        """Return the calendar days since the due date; 0 or less while not late."""
        return (day - self.due_on).days


def exposure(
    items: Iterable[ExposureItem], *, drafts_minor: int, unapplied_minor: int, day: date
) -> ExposureSeen:
    """Return the components in minor units.

    Total = not due + overdue + drafts − unapplied; the disputed amount is a part of it, not added again.
    """
    not_due = overdue = disputed = oldest = 0
    for item in items:
        if item.open_minor <= 0:
            continue
        late = item.days_past_due(day)
        if late > 0:
            overdue += item.open_minor
            oldest = max(oldest, late)
        else:
            not_due += item.open_minor
        disputed += item.disputed_minor
    return ExposureSeen(
        not_due_minor=not_due,
        overdue_minor=overdue,
        disputed_minor=disputed,
        drafts_minor=drafts_minor,
        unapplied_minor=unapplied_minor,
        total_minor=not_due + overdue + drafts_minor - unapplied_minor,
        oldest_days_past_due=oldest,
    )
