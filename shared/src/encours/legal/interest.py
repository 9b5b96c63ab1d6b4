"""Late-payment penalties and the flat recovery fee of the creditor's law, as a statement by segments.

Penalties run from the day after the due date, without a reminder, on the amount including VAT, up to and including
the day on which the funds are available. Amounts and days are those of the invoice's settlement
(:mod:`encours.contracts.settlement`): neither is due on what was never owed, or was covered in time. Actual days over
365. A segment ends where the principal or the legal rate changes; each is rounded once, half up, to the minor unit.
Payments go to the principal first. From the day of a judgment that opens insolvency proceedings of the debtor no
interest is due on an earlier claim (C. com. L622-28), and no fee if it falls due on that day or later (L441-10 II). In
France neither penalties nor the fee bear VAT (CGI 256).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from encours.contracts.common import Terms
from encours.contracts.settlement import Settlement
from encours.kernel.money import div_half_up
from encours.legal.law import LatePaymentLaw, LegalRate

DAYS_OF_YEAR = 365


@dataclass(frozen=True, slots=True)
class Segment:
    """Days ``first_day`` to ``last_day``, both counted, at one principal and one rate."""

    first_day: date
    last_day: date
    days: int
    principal_minor: int
    rate_bps: int
    basis: str
    provisional: bool
    """The reference rate of these days is not on file; the last known one was used."""
    interest_minor: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Amounts due for lateness up to a day, besides the principal. Minor units of the invoice's currency."""

    segments: tuple[Segment, ...]
    interest_minor: int
    indemnity_minor: int


NOTHING_DUE = Statement((), 0, 0)
"""The statement of a draft."""


def statement(settlement: Settlement, terms: Terms, on: date, law: LatePaymentLaw) -> Statement:
    """The penalties of an issued invoice up to and including a day.

    The law's default rate counts where the contract has none of its own, which does not change with the half-year.
    """
    segments = tuple(
        _segment(first_day, last_day, principal, rate)
        for leg_begins, leg_ends, principal, due_on in settlement.late_legs(on)
        for first_day, last_day, rate in _at_one_rate(leg_begins, leg_ends, due_on, terms, law)
    )
    interest = sum(segment.interest_minor for segment in segments)
    return Statement(segments, interest, terms.indemnity_minor if settlement.fell_late(on) else 0)


def _at_one_rate(
    first_day: date, last_day: date, due_on: date, terms: Terms, law: LatePaymentLaw
) -> Iterable[tuple[date, date, LegalRate]]:
    contractual = terms.penalty_rate_bps
    if contractual is None:
        return law.rates(first_day, last_day, due_on)
    return ((first_day, last_day, LegalRate(contractual, "contract", provisional=False)),)


def _segment(first_day: date, last_day: date, principal_minor: int, rate: LegalRate) -> Segment:
    days = (last_day - first_day).days + 1
    interest = div_half_up(principal_minor * rate.value * days, 10_000 * DAYS_OF_YEAR)
    return Segment(
        first_day, last_day, days, principal_minor, rate.value, rate.source, rate.provisional, interest
    )
