"""Late-payment penalties and the flat recovery fee (C. com. L441-10 II, D441-5), as a statement by segments.

Penalties run from the day after the due date, without a reminder, on the amount including VAT, up to and including
the day on which the funds are available. Amounts and days are those of the invoice's settlement
(:mod:`encours.contracts.settlement`): neither is due on what was never owed, or was covered in time. Actual days over
365. A segment ends where the principal or the legal rate changes (1 January, 1 July); each is rounded once, half up, to
the minor unit. Payments go to the principal first. Neither penalties nor the fee bear VAT (CGI 256).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from encours.contracts.common import Terms
from encours.contracts.settlement import Settlement
from encours.kernel.money import div_half_up

DAYS_OF_YEAR = 365
_ONE_DAY = timedelta(days=1)


class Rate(Protocol):
    """A yearly rate in hundredths of a percent, and its source."""

    @property
    def value(self) -> int: ...

    @property
    def source(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ContractRate:
    """A rate that the contract sets; it does not change with the half-year."""

    value: int
    source: str = "contract"


@dataclass(frozen=True, slots=True)
class Segment:
    """Days ``first_day`` to ``last_day``, both counted, at one principal and one rate."""

    first_day: date
    last_day: date
    days: int
    principal_minor: int
    rate_bps: int
    basis: str
    interest_minor: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Amounts due for lateness up to a day, besides the principal. Minor units of the invoice's currency."""

    segments: tuple[Segment, ...]
    interest_minor: int
    indemnity_minor: int


NOTHING_DUE = Statement((), 0, 0)
"""The statement of a draft."""


def statement(
    settlement: Settlement, terms: Terms, on: date, default_rate: Callable[[date], Rate]
) -> Statement:
    """The penalties of an issued invoice up to and including a day.

    ``default_rate`` gives the legal rate of the half-year that begins on a day; it is not asked for when the
    contract has a rate of its own.
    """
    contractual = terms.penalty_rate_bps
    segments = tuple(
        _segment(first_day, last_day, principal, rate)
        for first_day, last_day, principal in settlement.late_legs(on)
        for first_day, last_day, rate in _at_one_rate(first_day, last_day, contractual, default_rate)
    )
    interest = sum(segment.interest_minor for segment in segments)
    return Statement(segments, interest, terms.indemnity_minor if segments else 0)


def half_year_start(day: date) -> date:
    """1 January or 1 July of the day's half-year."""
    return date(day.year, 1 if day.month <= 6 else 7, 1)


def _at_one_rate(
    first_day: date, last_day: date, contractual: int | None, default_rate: Callable[[date], Rate]
) -> Iterator[tuple[date, date, Rate]]:
    if contractual is not None:
        yield first_day, last_day, ContractRate(contractual)
        return
    while first_day <= last_day:
        start = half_year_start(first_day)
        next_start = date(start.year, 7, 1) if start.month == 1 else date(start.year + 1, 1, 1)
        end = min(last_day, next_start - _ONE_DAY)
        yield first_day, end, default_rate(start)
        first_day = next_start


def _segment(first_day: date, last_day: date, principal_minor: int, rate: Rate) -> Segment:
    days = (last_day - first_day).days + 1
    interest = div_half_up(principal_minor * rate.value * days, 10_000 * DAYS_OF_YEAR)
    return Segment(first_day, last_day, days, principal_minor, rate.value, rate.source, interest)
