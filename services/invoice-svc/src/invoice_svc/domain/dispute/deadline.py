"""Owner and deadline of a dispute: those that are given, else those of its category."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from encours.contracts.events.sales.dispute import DisputeCategorySet
from encours.kernel.business_days import calendar_of_country


class Deadline(Struct, frozen=True):
    """Person or role in charge, last day for the answer, and the day from which that is near."""

    owner: str | None
    answer_by: date | None
    alert_on: date | None


def deadline_of(
    rule: DisputeCategorySet | None,
    country: str,
    opened_on: date,
    *,
    owner: str | None,
    answer_by: date | None,
) -> Deadline:
    """Return owner and deadline of a dispute. Without a rule the deadline is near on its own day.

    Raises ``no-business-calendar`` for a deadline outside the years on file.
    """
    if answer_by is None and rule is not None and rule.answer_days is not None:
        answer_by = opened_on + timedelta(days=rule.answer_days)
    if rule is not None and owner is None:
        owner = rule.owner
    alert_on = answer_by
    if answer_by is not None and rule is not None:
        alert_on = calendar_of_country(country).days_before(answer_by, rule.alert_days)
    return Deadline(owner, answer_by, alert_on)
