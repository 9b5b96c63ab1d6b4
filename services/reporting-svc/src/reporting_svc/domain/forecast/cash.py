"""Cash by period: expected amount and variance of what open receivables bring, and the baseline of due dates.

Each receivable is paid or not, on its own: the expectation and the variance of a sum are exact sums, so nothing is
simulated. The ranges take the spread of past errors into account (:mod:`reporting_svc.domain.forecast.accuracy`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Self

import msgspec
import numpy as np

from encours.contracts.events.figure import PeriodLength
from encours.kernel.business_days import business_calendar
from encours.kernel.errors import Invalid
from reporting_svc.domain.columns import Floats, Ints, ints, summed
from reporting_svc.domain.forecast.curves import CurveRows, PaymentCurves
from reporting_svc.domain.forecast.debts import PaidDebts

LastDay = Callable[[int], int]
"""The last day up to a day on which payments arrive; ordinals."""
HORIZON_DAYS = 91
"""Days of a forecast unless asked otherwise."""
MAX_DAYS = 366
MOST_SINGLE_DAYS = 92
CURVES_AT_ONCE = 4_096
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
        raise Invalid(f"Choose until from 1 to {MAX_DAYS} days after as_of.", "/until")
    if by == "day" and (until - on).days > MOST_SINGLE_DAYS:
        raise Invalid(f"By day, choose until at most {MOST_SINGLE_DAYS} days after as_of.", "/until")


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


@dataclass(frozen=True, slots=True, eq=False)
class OpenDebts:
    """Columns of debts that are paid as others were, and those that are promised for a day.

    ``debtor`` and ``segment`` are places among the names of a history, -1 for who is not there.
    """

    debtor: Ints
    segment: Ints
    due: Ints
    minor: Ints
    promised: Sequence[OpenDebt] = ()

    @classmethod
    def of(cls, debts: Iterable[OpenDebt], history: PaidDebts, on: int) -> Self:
        """Return the columns of debts; a promise counts for later days."""
        plain, promised = list[OpenDebt](), list[OpenDebt]()
        for each in debts:
            is_promised = each.kept > 0 and each.promised is not None and each.promised > on
            (promised if is_promised else plain).append(each)
        return cls(*_columns(plain, history), promised)


def _columns(debts: Sequence[OpenDebt], history: PaidDebts) -> tuple[Ints, Ints, Ints, Ints]:
    segments = {name: place for place, name in enumerate(history.segments)}
    return (
        ints(history.places.get(each.debtor, -1) for each in debts),
        ints(segments.get(each.segment, -1) for each in debts),
        ints(each.due for each in debts),
        ints(each.minor for each in debts),
    )


def forecast(
    debts: OpenDebts,
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
    _count(found, debts, on)
    # Debtors with the same segment have one curve each; so many at once stay in the processor's cache.
    keys = debts.debtor * (len(curves.history.segments) + 1) + debts.segment
    order = np.argsort(keys, kind="stable")
    _, begins = np.unique(keys[order], return_index=True)
    for first in range(0, len(begins), CURVES_AT_ONCE):
        heads = begins[first : first + CURVES_AT_ONCE]
        end = begins[first + CURVES_AT_ONCE] if first + CURVES_AT_ONCE < len(begins) else len(order)
        own = order[heads[0] : end]
        rows = np.repeat(np.arange(len(heads)), np.diff([*heads, end]))
        found_rows = curves.rows(debts.debtor[order[heads]], debts.segment[order[heads]])
        _add(found, debts.due[own], debts.minor[own], found_rows, rows, on, days, trend)
    if debts.promised:
        _add_promised(found, debts.promised, curves, on, days, trend)
    return found


def _count(found: CashForecast, debts: OpenDebts, on: int) -> None:
    """Add debts to what is open, and to the baseline of due dates."""
    due = np.concatenate([debts.due, ints(each.due for each in debts.promised)])
    minor = np.concatenate([debts.minor, ints(each.minor for each in debts.promised)])
    ends = np.array([period.last for period in found.periods])
    place = np.where(due <= on, 0, np.searchsorted(ends, due))
    *by_period, later = summed(place, minor, len(ends) + 1).tolist()
    for period, due_minor in zip(found.periods, by_period, strict=True):
        period.due_minor = due_minor
    found.open_minor = int(minor.sum())
    found.overdue_minor = int(minor[due <= on].sum())
    found.later_due_minor = later


def _add(
    found: CashForecast,
    due: Ints,
    minor: Ints,
    curves: CurveRows,
    rows: Ints,
    on: int,
    days: Sequence[int],
    trend: float,
) -> None:
    """Add debts, each by a row of curves, to expectations and variances of the periods."""
    base = curves.unpaid_after(rows, on - due)
    before = np.ones(len(due))
    for period, day in zip(found.periods, days, strict=True):
        after = _still(curves.unpaid_after(rows, day - due), base, trend)
        share = np.maximum(before - after, 0.0)
        cash = minor * share
        period.expected += float(cash.sum())
        period.variance += float((minor * cash * (1 - share)).sum())
        before = np.minimum(before, after)
    is_due = due <= on
    found.overdue_expected += float((minor * (1 - before))[is_due].sum())


def _still(unpaid: Floats, base: Floats, trend: float) -> Floats:
    """Return the share that is unpaid of what was; 1 where nothing was."""
    share = np.divide(unpaid, base, out=np.ones(len(base)), where=base > 0)
    return share if trend == 1.0 else share**trend


def _add_promised(
    found: CashForecast,
    debts: Sequence[OpenDebt],
    curves: PaymentCurves,
    on: int,
    days: Sequence[int],
    trend: float,
) -> None:
    """Add debts that are promised for a day, and later paid as any other."""
    debtor, segment, due, minor = _columns(debts, curves.history)
    promised = ints(each.promised or 0 for each in debts)
    kept = np.array([each.kept for each in debts])
    own, rows = curves.rows(debtor, segment), np.arange(len(debts))
    base = own.unpaid_after(rows, promised - due)
    before, is_open, total = np.ones(len(debts)), np.ones(len(debts), np.bool_), np.zeros(len(debts))
    for period, day in zip(found.periods, days, strict=True):
        comes = is_open & (day >= promised)
        is_open &= ~comes
        share = np.where(comes, kept, 0.0)
        period.promised += float((minor * share).sum())
        after = _still(own.unpaid_after(rows, day - due), base, trend)
        lower = (day > promised) & (after < before)
        share += np.where(lower, (1 - kept) * (before - after), 0.0)
        before = np.where(lower, after, before)
        cash = minor * share
        total += cash
        period.expected += float(cash.sum())
        period.variance += float((minor * cash * (1 - share)).sum())
    found.overdue_expected += float(total[due <= on].sum())
