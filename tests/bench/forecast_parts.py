"""Season and grade as parts of the cash forecast: its weekly error and its coverage with each of them and without.

Neither is in the model (docs/forecast.md says why); this shows it again. Grades come from the payment model of
risk-svc, fitted each quarter to what was known. Half a year of two histories is shown, and the months before it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from reporting_svc.domain.columns import Flags, ints
from reporting_svc.domain.forecast.accuracy import WEEK, PastForecasts, PastWeek
from reporting_svc.domain.forecast.cash import CashForecast
from reporting_svc.domain.forecast.debts import PaidDebt, PaidDebts
from risk_svc.domain.score.fit import HistoryTooShort, fit
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.score.shipped import SHIPPED
from tests.bench import Entry, entry
from tests.bench.forecast import WEEKS, figures
from tests.forecast import past_debts
from tests.score.ibm import FILE

BEFORE_WEEKS, FIT_DAYS = 20, 91
PRIOR_WEEKS = 4.0
"""Average weeks that draw the factor of a season to 1."""
FACTOR_BOUNDS = 0.5, 2.0
Bucket = Callable[[int], int]


def week_of_month(day: int) -> int:
    """Return 0 for the first seven days of a month, and so on; 3 for its end."""
    return min(3, (date.fromordinal(day).day - 1) // 7)


def month_of_year(day: int) -> int:
    """Return the calendar month."""
    return date.fromordinal(day).month


class GradeHistory:
    """Grades of the debtors on past days, each by a model of what was known then."""

    def __init__(self, debts: Sequence[PaidDebt]) -> None:
        outcomes = defaultdict[str, list[InvoiceOutcome]](list)
        for debt in debts:
            paid = next((day for day, _ in debt.funds if debt.left(day) <= 0), None)
            outcomes[debt.debtor].append(InvoiceOutcome(debt.issued, debt.due, paid))
        segments = {debt.debtor: debt.segment for debt in debts}
        self._payers = {
            debtor: PayerHistory(segments[debtor], tuple(sorted(own, key=lambda each: each.place)))
            for debtor, own in outcomes.items()
        }
        self._first = min(debt.issued for debt in debts)
        self._models: dict[int, PaymentModel] = {}
        self._grades: dict[tuple[str, int], str] = {}

    def of(self, debtor: str, day: int) -> str:
        """Return the grade of a debtor at the end of a day; empty without a history."""
        key = debtor, day
        if key not in self._grades:
            found = self._model(day).forecast_at_end_of(self._payers[debtor], day)
            self._grades[key] = found.grade if found.level.known else ""
        return self._grades[key]

    def _model(self, day: int) -> PaymentModel:
        on = self._first + (day - self._first) // FIT_DAYS * FIT_DAYS
        if on not in self._models:
            known = [_known(payer, on) for payer in self._payers.values()]
            try:
                self._models[on] = fit([each for each in known if each.history], on, "own").model
            except HistoryTooShort:
                self._models[on] = SHIPPED
        return self._models[on]


def _known(payer: PayerHistory, on: int) -> PayerHistory:
    seen = (each for each in payer.history if each.issued < on)
    return PayerHistory(
        payer.segment, tuple(replace(each, settled=None) if each.open_on(on) else each for each in seen)
    )


class GradedForecasts(PastForecasts):
    """Forecasts by curves of grades in the place of segments: at issue, and of open debts on the day."""

    def __init__(self, debts: Sequence[PaidDebt]) -> None:
        super().__init__(PaidDebts.of(debts))
        self._grades = GradeHistory(debts)

    def _forecast(
        self,
        day: int,
        debts: PaidDebts,
        ahead: int,
        trend: float,
        within: Flags | None = None,
    ) -> tuple[CashForecast, list[int]]:
        seen = debts.take(np.flatnonzero(debts.issued <= day))
        graded_on = np.where(seen.owed > seen.paid(day)[0], day, seen.issued - 1)
        debtors = (seen.debtors[place] for place in seen.debtor)
        grades = [self._grades.of(*each) for each in zip(debtors, graded_on.tolist(), strict=True)]
        names = sorted(set(grades))
        graded = replace(seen, segments=names, segment=ints(map(names.index, grades)))
        return super()._forecast(day, graded, ahead, trend, within)


class SeasonedForecasts(PastForecasts):
    """Forecasts whose weeks are multiplied by what came in earlier weeks of the same season, of what was expected."""

    def __init__(self, debts: Sequence[PaidDebt], bucket: Bucket) -> None:
        super().__init__(PaidDebts.of(debts))
        self._bucket = bucket
        self._plain: dict[int, tuple[float, int]] = {}

    def _forecast(
        self,
        day: int,
        debts: PaidDebts,
        ahead: int,
        trend: float,
        within: Flags | None = None,
    ) -> tuple[CashForecast, list[int]]:
        made, came = super()._forecast(day, debts, ahead, trend, within)
        factors = self._factors(day)
        for period in made.periods:
            days = range(period.after + 1, period.last + 1)
            factor = sum(factors.get(self._bucket(each), 1.0) for each in days) / len(days)
            period.expected *= factor
            period.variance *= factor
        return made, came

    def _factors(self, on: int) -> dict[int, float]:
        """Return the factor of each season from the first weeks of all forecasts before a day, at their level."""
        expected, came, weeks = defaultdict[int, float](float), defaultdict[int, float](float), 0
        for day in range(on - WEEK, self.first + 4 * WEEK, -WEEK):
            level = [
                self._first_week(day - WEEK * n) for n in range(1, 7) if day - WEEK * n > self.first + WEEK
            ]
            of_level, that_came = (sum(each[n] for each in level) for n in (0, 1))
            trend = that_came / of_level if of_level > 0 else 1.0
            cash, money = self._first_week(day)
            weeks += 1
            for each in range(day + 1, day + WEEK + 1):
                expected[self._bucket(each)] += cash * trend / WEEK
                came[self._bucket(each)] += money / WEEK
        prior = PRIOR_WEEKS * sum(expected.values()) / weeks if weeks else 1.0
        low, high = FACTOR_BOUNDS
        return {
            season: min(high, max(low, (came[season] + prior) / (cash + prior)))
            for season, cash in expected.items()
            if cash + prior > 0
        }

    def _first_week(self, day: int) -> tuple[float, int]:
        if day not in self._plain:
            made, came = super()._forecast(day, self.debts, 1, 1.0)
            self._plain[day] = made.periods[0].expected, came[0]
        return self._plain[day]


async def run() -> list[Entry]:
    """The entries of this bench."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    found = _entries("demo", past_debts.demo_debts(), past_debts.DEMO_END)
    if FILE.exists():
        return found + _entries("file", past_debts.ibm_debts(), past_debts.IBM_END)
    print(f"{FILE} is absent: its forecasts were not measured")
    return found


def _entries(name: str, debts: Sequence[PaidDebt], last: date) -> list[Entry]:
    parts = {
        "no part more": PastForecasts(PaidDebts.of(debts)),
        "grade in the place of the segment": GradedForecasts(debts),
        "week of the month": SeasonedForecasts(debts, week_of_month),
        "calendar month": SeasonedForecasts(debts, month_of_year),
    }
    on = last.toordinal()
    print(f"| {name}: part | error before | error shown | coverage of 50 % | of 80 % |\n{'|---' * 5}|")
    shown: dict[str, list[PastWeek]] = {}
    for part, past in parts.items():
        shown[part] = past.judged(on, WEEKS)
        before = figures(past.judged(on - WEEKS * WEEK, BEFORE_WEEKS))[0]
        ours, _, *covered = figures(shown[part])
        print(
            f"| {part} | " + " | ".join(f"{100 * share:.1f} %" for share in (before, ours, *covered)) + " |"
        )
    plain, *_ = figures(shown.pop("no part more"))
    return [
        entry(
            f"weekly error of the cash forecast with the {part}, {name}", 100 * figures(weeks)[0], "%",
            reference="without it, %", reference_value=100 * plain, target="none", met=None,
        )
        for part, weeks in shown.items()
    ]  # fmt: skip
