"""Cash by period: expected amount and variance of what open receivables bring, and the baseline of due dates.

Each receivable is paid or not, on its own: the expectation and the variance of a sum are exact sums, so nothing is
simulated. The ranges take the spread of past errors into account (:mod:`reporting_svc.domain.forecast.accuracy`).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import msgspec

from encours.contracts.events.figure import PeriodLength
from encours.kernel.business_days import business_calendar
from encours.kernel.errors import Invalid
from reporting_svc.domain.forecast.curves import PaymentCurve, PaymentCurves

LastDay = Callable[[int], int]
"""The last day up to a day on which payments arrive; ordinals."""
HORIZON_DAYS = 91
"""Days of a forecast unless asked otherwise."""
MAX_DAYS = 366
MOST_SINGLE_DAYS = 92
_SATURDAY = 5
_HALVINGS, _TERMS = 44, 20
"""More than the digits of an amount; at the quantile of 80 % of the shape 1 the last term is below 1e-14."""
Z_80, Z_50 = 1.2815515655446004, 0.6744897501960817


class OpenDebt(msgspec.Struct, frozen=True, gc=False):
    """An amount that is owed and can be paid; days are ordinals. ``kept`` is the probability that a promise is kept."""

    debtor: str
    segment: str
    due: int
    minor: int
    promised: int | None = None
    kept: float = 0.0


@dataclass(slots=True)
class PeriodCash:
    """Cash of the days after ``after`` up to ``last``, ordinals; minor units, not rounded."""

    after: int
    last: int
    expected: float = 0.0
    variance: float = 0.0
    promised: float = 0.0
    """The expected part that comes by promises."""
    due_minor: int = 0
    """Baseline: all is paid on its due date, and what is past due in the first period."""

    def range(self, z: float, spread: float, ceiling: int) -> tuple[float, float]:
        """Return the range of a gamma distribution with the expectation, and ``spread`` times the deviation.

        By the approximation of Wilson and Hilferty (1931): amounts are never below 0 and have a long upper end. Where
        the sum is mostly nothing, the shape below 1, the range is the shortest one, which begins at 0.
        """
        if self.expected <= 0 or self.variance <= 0:
            return self.expected, self.expected
        deviation = spread * self.variance**0.5
        shape = (self.expected / deviation) ** 2
        if shape < 1:  # where the approximation fails
            upper = _gamma_quantile(shape, math.erf(z / 2**0.5)) * self.expected / shape
            return 0.0, min(float(ceiling), upper)
        ends = (
            self.expected * max(0.0, 1 - 1 / (9 * shape) + sign * z / (3 * shape**0.5)) ** 3
            for sign in (-1, 1)
        )
        low, high = ends
        return low, min(float(ceiling), high)


def _gamma_quantile(shape: float, level: float) -> float:
    """Return the quantile of a gamma distribution with a shape of at most 1 and the scale 1, by halving intervals.

    It is below that of the shape 1, the exponential distribution, and there the series of the distribution is short.
    """
    low, high = 0.0, -math.log(1 - level)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        term = added = 1.0
        for n in range(1, _TERMS):
            term *= middle / (shape + n)
            added += term
        if added * math.exp(shape * math.log(middle) - middle - math.lgamma(shape + 1)) < level:
            low = middle
        else:
            high = middle
    return high


@dataclass(slots=True)
class CashForecast:
    """Periods in order, and the expected cash after the last one; minor units."""

    periods: list[PeriodCash]
    open_minor: int = 0
    overdue_minor: int = 0
    overdue_expected: float = 0.0
    """The part of the expected cash that was due by the day of the forecast."""
    later_due_minor: int = 0
    """Due after the last period."""

    @property
    def expected(self) -> float:
        """Expected cash of all periods; minor units."""
        return sum(period.expected for period in self.periods)


def require_horizon(on: date, until: date, by: PeriodLength) -> None:
    """Raise a 422 refusal for a last day that is not later, or too late for the length of the periods."""
    if not 0 < (until - on).days <= MAX_DAYS:
        raise Invalid(f"until lies after as_of, by at most {MAX_DAYS} days.", "/until")
    if by == "day" and (until - on).days > MOST_SINGLE_DAYS:
        raise Invalid(f"By day, until lies at most {MOST_SINGLE_DAYS} days after as_of.", "/until")


def ends_of(on: date, until: date, by: PeriodLength) -> list[date]:
    """Return the last days of the periods after a day, the last one cut at ``until``. Weeks are ISO 8601."""
    ends, day = [], on
    while day < until:
        day = min(_end(day + timedelta(days=1), by), until)
        ends.append(day)
    return ends


def _end(day: date, by: PeriodLength) -> date:
    if by == "day":
        return day
    if by == "week":
        return day + timedelta(days=6 - day.weekday())
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def every_day(day: int) -> int:
    """Return the day: payments arrive on all of them."""
    return day


@cache
def last_business_day(day: int) -> int:
    """Return the last business day up to a day: TARGET in the years on file, Monday to Friday in others."""
    target = business_calendar("TARGET")
    found = date.fromordinal(day)
    while found.weekday() >= _SATURDAY or found in target.holidays:
        found -= timedelta(days=1)
    return found.toordinal()


def forecast(
    debts: Iterable[OpenDebt],
    curves: PaymentCurves,
    on: int,
    ends: Sequence[int],
    trend: float = 1.0,
    last_day: LastDay = every_day,
) -> CashForecast:
    """Return the cash that is expected from debts open at the end of a day, by the periods that end on ``ends``.

    ``trend`` multiplies every hazard: above 1 debtors pay faster than their curves say. What the curves expect on a day
    on which no payments arrive is expected on the next one that is not.
    """
    found = CashForecast([PeriodCash(after, last) for after, last in pairwise([on, *ends])])
    days = [max(on, last_day(end)) for end in ends]
    sums = [0.0] * len(days), [0.0] * len(days)
    for debt in debts:
        _count(found, debt, on)
        curve = curves.of(debt.debtor, debt.segment)
        if debt.kept and debt.promised is not None and debt.promised > on:
            cash = _add_promised(found.periods, debt, debt.promised, curve, days, trend)
        else:
            cash = _add(sums, debt, curve, on, days, trend)
        if debt.due <= on:
            found.overdue_expected += cash
    for period, expected, variance in zip(found.periods, *sums, strict=True):
        period.expected += expected
        period.variance += variance
    return found


def _count(found: CashForecast, debt: OpenDebt, on: int) -> None:
    """Add a debt to what is open, and to the baseline of due dates."""
    minor, due = debt.minor, debt.due
    found.open_minor += minor
    if due <= on:
        found.overdue_minor += minor
        found.periods[0].due_minor += minor
    elif due > found.periods[-1].last:
        found.later_due_minor += minor
    else:
        found.periods[bisect_left(found.periods, due, key=_last)].due_minor += minor


def _add(
    sums: tuple[list[float], list[float]],
    debt: OpenDebt,
    curve: PaymentCurve,
    on: int,
    days: Sequence[int],
    trend: float,
) -> float:
    """Add a debt to expectations and variances of the periods, and return its expected cash.

    This loop is most of the time of a forecast: it calls nothing for a single period.
    """
    minor, base = debt.minor, curve.unpaid_after(on - debt.due)
    if base <= 0:
        return 0.0
    expected, variance = sums
    before = 1.0
    for n, unpaid in enumerate(curve.unpaid_on(days, debt.due)):
        after = (unpaid / base) ** trend
        if after < before:
            share = before - after
            cash = minor * share
            expected[n] += cash
            variance[n] += minor * cash * (1 - share)
            before = after
    return minor * (1 - before)


def _add_promised(
    periods: Sequence[PeriodCash],
    debt: OpenDebt,
    promised: int,
    curve: PaymentCurve,
    days: Sequence[int],
    trend: float,
) -> float:
    """Add a debt that is promised for a day, and later paid as any other, and return its expected cash."""
    minor, base = debt.minor, curve.unpaid_after(promised - debt.due)
    before, is_open, total = 1.0, True, 0.0
    for period, day, unpaid in zip(periods, days, curve.unpaid_on(days, debt.due), strict=True):
        share = 0.0
        if is_open and day >= promised:
            share, is_open = debt.kept, False
            period.promised += minor * share
        if day > promised and base > 0:
            after = (unpaid / base) ** trend
            if after < before:
                share += (1 - debt.kept) * (before - after)
                before = after
        cash = minor * share
        total += cash
        period.expected += cash
        period.variance += minor * cash * (1 - share)
    return total


def _last(period: PeriodCash) -> int:
    return period.last
