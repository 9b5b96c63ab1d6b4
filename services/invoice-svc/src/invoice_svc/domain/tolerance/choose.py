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


def explaining_shortfall(
    short_minor: int, tolerances: Tolerances, *, charges_minor: int | None, is_foreign: bool
) -> ToleranceSet | None:
    """Return the tolerance by which a payment that is short may settle an item: rounding, or charges of a bank.

    What else the item says, :func:`invoice_svc.domain.invoice.residual.closable` decides when the payment is booked.
    """
    reasons: list[ResidualReason] = ["cent"]
    if is_bank_charge(short_minor, charges_minor, is_foreign=is_foreign):
        reasons.append("bank_charge")
    found = (tolerances.get(reason) for reason in reasons)
    return next((each for each in found if each is not None and 0 < short_minor <= each.cap_minor), None)


def is_bank_charge(left_minor: int, charges_minor: int | None, *, is_foreign: bool) -> bool:
    """Return True if banks may have kept the amount: the bank says so, or says nothing of a foreign payment."""
    return is_foreign if charges_minor is None else left_minor <= charges_minor
