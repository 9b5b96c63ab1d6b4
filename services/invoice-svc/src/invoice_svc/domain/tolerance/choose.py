"""Tolerances that apply to a debtor on a day: one at most for each reason.

That of the customer counts before that of a tag, of the segment and of the entity; of two tags the lower cap counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from encours.contracts.events.money.residual import ResidualReason, ToleranceSet

Tolerances = Mapping[ResidualReason, ToleranceSet]


def in_force(settings: Iterable[ToleranceSet], day: date) -> list[ToleranceSet]:
    """Return the setting of each code that is in force on a day, also if its cap is 0."""
    started = sorted(
        (each for each in settings if each.valid_from <= day),
        key=lambda each: (each.valid_from, each.version),
    )
    return list({each.code: each for each in started}.values())


def applicable(
    settings: Iterable[ToleranceSet],
    *,
    currency: str,
    records: Collection[str],
    segment: str | None,
    tags: Collection[str],
    day: date,
) -> Tolerances:
    """Return the tolerances of a debtor, whose merged ``records`` are one, in a currency on a day, by reason."""
    found: dict[ResidualReason, ToleranceSet] = {}

    def strength(each: ToleranceSet) -> tuple[int, int, str]:
        rank = 3 if each.debtor_id else 2 if each.tag else 1 if each.segment else 0
        return -rank, each.cap_minor, each.code

    for each in sorted(in_force(settings, day), key=strength):
        theirs = (
            each.debtor_id in (None, *records)
            and each.segment in (None, segment)
            and (each.tag is None or each.tag in tags)
        )
        if theirs and each.currency == currency:
            found.setdefault(each.reason, each)
    return found
