"""Past forecasts beside what came: the trend, the spread of the ranges, and the figures that are shown.

A past forecast sees what had been paid by the end of its day and nothing of later days. Weeks are counted from the day
of the question backwards, so that each comparison is complete.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from zlib import crc32

import numpy as np

from reporting_svc.domain.columns import Flags, summed
from reporting_svc.domain.forecast.cash import (
    Z_50,
    Z_80,
    CashForecast,
    LastDay,
    OpenDebts,
    every_day,
    forecast,
    last_business_day,
)
from reporting_svc.domain.forecast.curves import PaymentCurves
from reporting_svc.domain.forecast.debts import PaidDebts

WEEK = 7
AHEAD = 4
"""Weeks ahead that past forecasts are compared for."""
TREND_WEEKS = 6
SPREAD_WEEKS = 8
_PRIOR_SPREAD, _PRIOR_PAIRS = 1.2, 4
_TREND_BOUNDS = 0.5, 2.0
_LEAST_FUNDS = 50
SAMPLED_DEBTS = 25_000
"""Debts from which trend and spread are taken; of more, those of the debtors with the least hash of their id.

A bound of the number of debtors would let the ids decide: with 1,500 of the 4,338 debtors of the demo the coverage of
its ranges lay between 80 and 91 %.
"""


@dataclass(frozen=True, slots=True)
class PastWeek:
    """A week of a past forecast that was made ``weeks_ahead`` weeks before its last day; minor units."""

    made_on: int
    weeks_ahead: int
    expected: float
    range_50: tuple[float, float]
    range_80: tuple[float, float]
    due_minor: int
    came_minor: int

    @property
    def covered_50(self) -> bool:
        """Return True if what came lies in the 50 % range, to the minor unit."""
        return _lies_in(self.came_minor, self.range_50)

    @property
    def covered_80(self) -> bool:
        """Return True if what came lies in the 80 % range, to the minor unit."""
        return _lies_in(self.came_minor, self.range_80)


@dataclass(frozen=True, slots=True)
class RangeCalibration:
    """Trend of the hazards and spread of the ranges on a day, and the past weeks that they rest on."""

    trend: float = 1.0
    spread: float = _PRIOR_SPREAD
    weeks: int = 0


class PastForecasts:
    """Debts with their funds as far as they are known, and the forecasts that could have been made on past days."""

    def __init__(self, debts: PaidDebts, within: Collection[str] | None = None) -> None:
        """Take the debts of all debtors; forecasts are judged by those ``within``, of all if not given."""
        self.debts = debts
        self._within = None if within is None else _marked(debts, within)
        self.first = int(debts.issued.min()) if len(debts.issued) else date.max.toordinal()
        counts = np.bincount(debts.debtor, minlength=len(debts.debtors)).tolist()
        sampled = _sampled(zip(debts.debtors, counts, strict=True))
        self._sample = debts.take(np.flatnonzero(_marked(debts, sampled)[debts.debtor]))
        days, numbers = np.unique(debts.fund_day, return_counts=True)
        self._paid = dict(zip(days.tolist(), numbers.tolist(), strict=True))
        self._made: dict[int, tuple[CashForecast, list[int]]] = {}

    def last_day(self, on: int) -> LastDay:
        """Return the days on which payments arrive: business days, where at most one in twenty came on another."""
        paid = {day: number for day, number in self._paid.items() if on - 365 <= day <= on}
        every = sum(paid.values())
        off = sum(number for day, number in paid.items() if last_business_day(day) != day)
        return last_business_day if every >= _LEAST_FUNDS and 20 * off <= every else every_day

    def calibration(self, on: int) -> RangeCalibration:
        """Return trend and spread from the forecasts of the weeks before a day."""
        made = {
            day: self._past(day)
            for n in range(1, SPREAD_WEEKS + AHEAD)
            if (day := on - n * WEEK) > self.first + WEEK
        }
        trend = self._trend(on, made)
        total, pairs = _PRIOR_SPREAD**2 * _PRIOR_PAIRS, float(_PRIOR_PAIRS)
        for found, came in made.values():
            for n, period in enumerate(found.periods):
                if period.last <= on and period.variance > 0:
                    total += (came[n] - period.expected) ** 2 / period.variance
                    pairs += 1
        return RangeCalibration(trend, (total / pairs) ** 0.5, len(made))

    def judged(self, on: int, weeks: int) -> list[PastWeek]:
        """Return the weeks of the forecasts made in the last ``weeks``, each by what was known on its day.

        A day on which nothing was open has none: a forecast of nothing is right by itself.
        """
        found = []
        for n in range(weeks, 0, -1):
            day = on - n * WEEK
            if day <= self.first + WEEK:
                continue
            known = self.calibration(day)
            ahead = min(AHEAD, n)
            made, came = self._forecast(day, self.debts, ahead, known.trend, self._within)
            if made.open_minor == 0:
                continue
            for k, period in enumerate(made.periods):
                half, most = (period.range(z, known.spread, made.open_minor) for z in (Z_50, Z_80))
                found.append(PastWeek(day, k + 1, period.expected, half, most, period.due_minor, came[k]))
        return found

    def _trend(self, on: int, made: dict[int, tuple[CashForecast, list[int]]]) -> float:
        """Return what came in the first weeks of the latest forecasts, of what they expected, shrunk to 1 by a week."""
        latest = [made[day] for n in range(1, TREND_WEEKS + 1) if (day := on - n * WEEK) in made]
        expected = sum(each.periods[0].expected for each, _ in latest)
        if expected <= 0:
            return 1.0
        prior = expected / len(latest)
        low, high = _TREND_BOUNDS
        return min(high, max(low, (sum(came[0] for _, came in latest) + prior) / (expected + prior)))

    def _past(self, day: int) -> tuple[CashForecast, list[int]]:
        if day not in self._made:
            self._made[day] = self._forecast(day, self._sample, AHEAD, 1.0)
        return self._made[day]

    def _forecast(
        self,
        day: int,
        debts: PaidDebts,
        ahead: int,
        trend: float,
        within: Flags | None = None,
    ) -> tuple[CashForecast, list[int]]:
        """Return the forecast of a day, and what came in each of its weeks of the debts open on it."""
        paid, _ = debts.paid(day)
        left = debts.owed - paid
        is_open = (debts.issued <= day) & (left > 0)
        if within is not None:
            is_open &= within[debts.debtor]
        ends = [day + WEEK * (n + 1) for n in range(ahead)]
        owed = OpenDebts(debts.debtor[is_open], debts.segment[is_open], debts.due[is_open], left[is_open])
        made = forecast(owed, PaymentCurves(debts, day), day, ends, trend, self.last_day(day))
        later = (debts.fund_day > day) & (debts.fund_day <= ends[-1]) & is_open[debts.fund_debt]
        weeks = (debts.fund_day[later] - day - 1) // WEEK
        return made, summed(weeks, debts.fund_minor[later], ahead).tolist()


def _marked(debts: PaidDebts, debtors: Collection[str]) -> Flags:
    """Return true at the places of some debtors."""
    return np.array([name in debtors for name in debts.debtors], np.bool_)


def _sampled(debts: Iterable[tuple[str, int]]) -> set[str]:
    """Return the debtors that are sampled, of all with the numbers of their debts; one at least."""
    found, left = set[str](), SAMPLED_DEBTS
    for _, debtor, count in sorted((crc32(debtor.encode()), debtor, count) for debtor, count in debts):
        if found and count > left:
            break
        found.add(debtor)
        left -= count
    return found


def _lies_in(minor: int, limits: tuple[float, float]) -> bool:
    low, high = limits
    return round(low) <= minor <= round(high)
