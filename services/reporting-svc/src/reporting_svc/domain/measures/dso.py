"""Days sales outstanding, simple and by countback. Exact fractions, which the caller rounds at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from encours.kernel.money import div_half_up


@dataclass(frozen=True, slots=True)
class Month:
    """Turnover VAT included of a calendar month (negative where credit notes exceed sales) and its days."""

    turnover_minor: int
    days: int


@dataclass(frozen=True, slots=True)
class Countback:
    """``exhausted``: the balance is older than every month given; ``days`` is then a lower bound."""

    days: Fraction
    months: int
    exhausted: bool


@dataclass(frozen=True, slots=True)
class Dso:
    """Days sales outstanding of one balance, by each definition; ``None`` where turnover is not positive."""

    period_days: int
    receivables_minor: int
    turnover_minor: int
    simple: Fraction | None
    countback: Countback
    best_possible: Fraction | None
    delinquent: Fraction | None
    late_minor: int
    """Cash that lateness ties up: what is outstanding beyond what is not due."""

    @property
    def per_day_minor(self) -> int | None:
        """Cash that a day of DSO ties up (``working-capital/1``)."""
        return per_day(self.turnover_minor, self.period_days)


def measure(
    receivables_minor: int, not_due_minor: int, turnover_minor: int, months: Iterable[Month], days: int
) -> Dso:
    """Measure a balance by the turnover of ``days`` and by that of months.

    ``receivables_minor`` is net of unapplied cash, ``not_due_minor`` is not. The cash is taken off what is due first,
    so that both rest on one basis: nothing is late where it covers all that is due.
    """
    not_due_minor = min(not_due_minor, receivables_minor)
    dso = simple(receivables_minor, turnover_minor, days)
    best = simple(not_due_minor, turnover_minor, days)
    return Dso(
        period_days=days,
        receivables_minor=receivables_minor,
        turnover_minor=turnover_minor,
        simple=dso,
        countback=countback(receivables_minor, months),
        best_possible=best,
        delinquent=delinquent(dso, best),
        late_minor=receivables_minor - not_due_minor,
    )


def simple(receivables_minor: int, turnover_minor: int, days: int) -> Fraction | None:
    """Receivables / turnover × days (``dso/simple/2`` and, of what is not due, ``bpdso/simple/4``).

    ``None`` without positive turnover: there is no rate to express the balance in.
    """
    return Fraction(receivables_minor * days, turnover_minor) if turnover_minor > 0 else None


def per_day(turnover_minor: int, days: int) -> int | None:
    """Return the turnover of a day (``working-capital/1``); ``None`` without positive turnover."""
    return div_half_up(turnover_minor, days) if turnover_minor > 0 else None


def delinquent(dso: Fraction | None, best_possible: Fraction | None) -> Fraction | None:
    """Average days delinquent, DSO − BPDSO on one basis (``add/simple/4``)."""
    return None if dso is None or best_possible is None else dso - best_possible


def countback(receivables_minor: int, months: Iterable[Month]) -> Countback:
    """Take months' turnover off the balance, latest month first (``dso/countback/2``).

    2,500 with 1,200 in 30 days, 800 in 31, 700 in 30: 30 + 31 + 500/700 × 30 = 82.43 days.
    """
    left, days, used = receivables_minor, Fraction(0), 0
    if left <= 0:
        return Countback(days, used, exhausted=False)
    for month in months:
        used += 1
        if month.turnover_minor >= left:
            return Countback(days + Fraction(left * month.days, month.turnover_minor), used, exhausted=False)
        left -= month.turnover_minor
        days += month.days
    return Countback(days, used, exhausted=True)


def months_back(turnover: Mapping[date, int], last: date) -> list[Month]:
    """Return the calendar months of a turnover by first day, from that of ``last`` back; it counts up to that day."""
    found: list[Month] = []
    while turnover and last >= min(turnover):
        start = last.replace(day=1)
        found.append(Month(turnover.get(start, 0), last.day))
        last = start - timedelta(days=1)
    return found


def rounded(days: Fraction | None) -> float | None:
    """Days with two decimals, half up, for the answer."""
    return None if days is None else hundredths(days) / 100


def hundredths(days: Fraction) -> int:
    """Hundredths of a day, half up, for an event."""
    return div_half_up(days.numerator * 100, days.denominator)
