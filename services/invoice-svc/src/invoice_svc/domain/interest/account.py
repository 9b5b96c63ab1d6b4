"""Penalties of an invoice on a day: due by law, claimed by penalty documents, waived by the creditor, left to claim.

Claims follow what is due, and are not counted for themselves: what the documents claim of an invoice, in any division
of the days, is in all what is due on the last one. Where what is due falls below what was claimed, since a payment, a
credit note or an accepted claim came to be known, the difference is to be credited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from encours.contracts.settlement import Settlement
from encours.kernel.money import div_half_up
from encours.legal.interest import (
    DAYS_OF_YEAR,
    NOTHING_DUE,
    Segment,
    Statement,
    statement,
)
from encours.legal.law import LatePaymentLaw
from invoice_svc.domain.invoice.parts import PenaltyClaim, PenaltyWaiver
from invoice_svc.domain.invoice.state import Invoice

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Penalties:
    """Interest and flat fee, in minor units."""

    interest_minor: int = 0
    indemnity_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Interest and fee."""
        return self.interest_minor + self.indemnity_minor

    def above(self, other: Penalties) -> Penalties:
        """Return by how much each exceeds the other's; 0 where it does not."""
        return Penalties(
            max(0, self.interest_minor - other.interest_minor),
            max(0, self.indemnity_minor - other.indemnity_minor),
        )


@dataclass(frozen=True, slots=True)
class InterestAccount:
    """Penalties of an invoice up to and including a day."""

    due: Statement
    claimed: Penalties
    waived: Penalties
    over_claimed: Penalties
    """Part of what is claimed that is not due by the last day of the claims: to be credited."""

    @property
    def is_stated(self) -> bool:
        """Return True if penalties are due or there were late days, or documents claim penalties."""
        return bool(self.due.segments or self.due.indemnity_minor or self.claimed.total_minor)

    @property
    def to_claim(self) -> Penalties:
        """Return what is due and neither claimed nor waived; 0 where more was claimed."""
        due = Penalties(self.due.interest_minor, self.due.indemnity_minor)
        return due.above(sum_of([self.claimed, self.waived]))


NO_PENALTIES = InterestAccount(NOTHING_DUE, Penalties(), Penalties(), Penalties())
"""The account of a draft."""


def account_of(state: Invoice, settlement: Settlement, on: date, law: LatePaymentLaw) -> InterestAccount:
    """Return the account of an invoice; nothing is due on a draft, and none on a penalty document.

    Interest bears no interest here: C. civ. 1343-2 lets it do so for a whole year only, by contract or by judgment.
    """
    claimed, waived = sum_of(state.penalty_claims), sum_of(state.penalty_waivers)
    due = due_on(state, settlement, on, law)
    last = max((claim.last_day for claim in state.penalty_claims), default=on)
    then = due if last == on else due_on(state, settlement, last, law)
    over = claimed.above(Penalties(then.interest_minor, then.indemnity_minor))
    return InterestAccount(due, claimed, waived, over)


def due_on(state: Invoice, settlement: Settlement, on: date, law: LatePaymentLaw) -> Statement:
    """Return what is due by law up to and including a day."""
    if state.terms is None or state.purpose == "penalty":
        return NOTHING_DUE
    return statement(settlement, state.terms, on, law)


def sum_of(parts: Iterable[Penalties | PenaltyClaim | PenaltyWaiver]) -> Penalties:
    """Return the sum of amounts, claims or waivers."""
    listed = list(parts)
    return Penalties(
        sum(part.interest_minor for part in listed), sum(part.indemnity_minor for part in listed)
    )


def unclaimed(segments: Iterable[Segment], claims: Sequence[PenaltyClaim]) -> Iterator[Segment]:
    """Yield the days of the segments that no claim covers; the interest of each is rounded for itself."""
    covered = sorted((claim.first_day, claim.last_day) for claim in claims)
    for segment in segments:
        first = segment.first_day
        for claimed_from, claimed_until in covered:
            if claimed_until < first or claimed_from > segment.last_day:
                continue
            if claimed_from > first:
                yield _part(segment, first, claimed_from - _ONE_DAY)
            first = max(first, claimed_until + _ONE_DAY)
        if first <= segment.last_day:
            yield _part(segment, first, segment.last_day)


def _part(segment: Segment, first_day: date, last_day: date) -> Segment:
    days = (last_day - first_day).days + 1
    interest = div_half_up(segment.principal_minor * segment.rate_bps * days, 10_000 * DAYS_OF_YEAR)
    return replace(segment, first_day=first_day, last_day=last_day, days=days, interest_minor=interest)
