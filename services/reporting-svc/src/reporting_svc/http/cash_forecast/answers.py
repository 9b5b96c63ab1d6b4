"""Answers about cash to come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pydantic import BaseModel, Field

from encours.contracts.events.figure import PeriodLength
from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from reporting_svc.domain.forecast.accuracy import PastWeek
from reporting_svc.domain.forecast.cash import Z_50, Z_80, PeriodCash
from reporting_svc.domain.forecast.errors import ForecastErrors
from reporting_svc.domain.forecast.made import MadeForecast
from reporting_svc.domain.measures.definitions import CASH_FORECAST
from reporting_svc.http.answers import Report, ScopedReport, TieOut
from reporting_svc.http.measured import Reason, Reasoned
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.tie_out.query import TiedFigures


class CashRangeOut(BaseModel):
    """Range of the cash of a period. Ranges of several periods do not add up."""

    low: MoneyModel
    high: MoneyModel

    @classmethod
    def of(cls, period: PeriodCash, z: float, made: MadeForecast, currency: str) -> Json:
        """Show the range, in whole minor units."""
        return cls.between(period.range(z, made.calibration.spread, made.cash.open_minor), currency)

    @staticmethod
    def between(limits: tuple[float, float], currency: str) -> Json:
        """Show two limits, in whole minor units."""
        low, high = limits
        return {"low": money_json(round(low), currency), "high": money_json(round(high), currency)}


class CashPeriodOut(BaseModel):
    """A period from `start` to `end`."""

    start: date
    end: date
    expected: MoneyModel
    range_50: CashRangeOut = Field(description="The cash lies in it in 50 of 100 periods.")
    range_80: CashRangeOut
    promised: MoneyModel = Field(description="The part of `expected` that comes by promises of this period.")
    due_date_basis: MoneyModel = Field(
        description="Baseline: everything paid on its due date, what is overdue in the first period."
    )


class CashPartsOut(BaseModel):
    """Outstanding amount by parts: `expectable` + `disputed` + `penalties` + `in_proceedings` - `spare_cash`."""

    expectable: MoneyModel = Field(description="Amount that the forecast is about.")
    expected: MoneyModel = Field(description="Expected by the last day.")
    beyond_horizon: MoneyModel = Field(description="`expectable` - `expected`: later, or never.")
    overdue: MoneyModel = Field(description="The part of `expectable` that is due by as_of.")
    overdue_expected: MoneyModel = Field(
        description="The part of `overdue` that is expected by the last day."
    )
    due_beyond_horizon: MoneyModel = Field(description="The part of `expectable` due after the last day.")
    disputed: MoneyModel = Field(description="Contested or conceded: not expected.")
    penalties: MoneyModel = Field(description="Open penalty documents: not expected.")
    in_proceedings: MoneyModel = Field(
        description="Owed by customers in insolvency proceedings: not expected."
    )
    spare_cash: MoneyModel = Field(description="Unapplied cash beyond what its payers owe.")


class ForecastModelOut(BaseModel):
    """Evidence of the forecast."""

    debts: int = Field(description="Invoices and instalments of the last two years that the curves rest on.")
    trend: float = Field(description="Above 1, debtors lately paid faster than their curves said.")
    spread: float = Field(description="Past errors in deviations of independent debts; widens the ranges.")
    past_forecasts: int = Field(description="Past weeks that trend and spread rest on.")


class CashForecastOut(Report):
    """Cash that the open receivables bring. `tie_out.buckets` is the sum of the parts."""

    definition: str
    by: str
    until: date
    data: list[CashPeriodOut]
    parts: CashPartsOut
    model: ForecastModelOut

    @classmethod
    def of(
        cls, books: ReceivablesSnapshot, tied: TiedFigures, by: PeriodLength, until: date, made: MadeForecast
    ) -> Json:
        """Show the forecast."""
        currency, cash, owed = books.total.currency, made.cash, made.left_out
        shown = round(cash.expected)
        parts = {
            "expectable": cash.open_minor,
            "expected": shown,
            "beyond_horizon": cash.open_minor - shown,
            "overdue": cash.overdue_minor,
            "overdue_expected": round(cash.overdue_expected),
            "due_beyond_horizon": cash.later_due_minor,
            "disputed": owed.disputed_minor,
            "penalties": owed.penalties_minor,
            "in_proceedings": owed.in_proceedings_minor,
            "spare_cash": owed.spare_cash_minor,
        }
        known = made.calibration
        return {
            "definition": CASH_FORECAST.id,
            "currency": currency,
            "by": by,
            "until": until.isoformat(),
            "data": periods_json(made, currency),
            "parts": {name: money_json(minor, currency) for name, minor in parts.items()},
            "model": {
                "debts": made.debts,
                "trend": round(known.trend, 3),
                "spread": round(known.spread, 3),
                "past_forecasts": known.weeks,
            },
            "tie_out": TieOut.of(tied),
            **cls.end(books),
        }


def periods_json(made: MadeForecast, currency: str) -> list[Json]:
    """Show the periods. Amounts are rounded so that they add up to the sum."""
    rows, shown, total = [], 0, 0.0
    for period in made.cash.periods:
        total += period.expected
        expected, shown = round(total) - shown, round(total)
        rows.append(_period(period, expected, made, currency))
    return rows


def _period(period: PeriodCash, expected_minor: int, made: MadeForecast, currency: str) -> Json:
    return {
        "start": (date.fromordinal(period.after) + timedelta(days=1)).isoformat(),
        "end": date.fromordinal(period.last).isoformat(),
        "expected": money_json(expected_minor, currency),
        "range_50": CashRangeOut.of(period, Z_50, made, currency),
        "range_80": CashRangeOut.of(period, Z_80, made, currency),
        "promised": money_json(round(period.promised), currency),
        "due_date_basis": money_json(period.due_minor, currency),
    }


class PastWeekOut(BaseModel):
    """A week of a past forecast, and the cash that came of what was open when it was made."""

    made_on: date
    weeks_ahead: int
    start: date
    end: date
    expected: MoneyModel
    range_50: CashRangeOut
    range_80: CashRangeOut
    came: MoneyModel
    due_date_basis: MoneyModel
    covered_50: bool = Field(description="`came` lies in `range_50`.")
    covered: bool = Field(description="`came` lies in `range_80`.")


class AheadOut(Reasoned):
    """Errors of the weeks that lie so many weeks ahead; errors in percent of what came, null where nothing came."""

    weeks_ahead: int | None = Field(description="Null for all together.")
    weeks: int = Field(description="Forecasts of a week; those of one week, by weeks ahead, count each.")
    came: MoneyModel = Field(
        description="Of all together each week once, by the forecast of one week ahead: the weeks overlap."
    )
    error: float | None = Field(description="Sum of absolute errors / sum of what came x 100.")
    due_date_error: float | None = Field(description="The same of the due dates alone.")
    bias: float | None = Field(description="Came - expected, in percent; negative: too much was expected.")
    coverage_50: float | None = Field(description="Percent of the weeks in their 50 % range.")
    coverage_80: float | None = Field(description="Percent of the weeks in their 80 % range.")

    @classmethod
    def of(cls, ahead: int | None, weeks: Sequence[PastWeek], currency: str) -> Json:
        """Show the errors of some weeks."""
        found = ForecastErrors.of(weeks)
        reason: Reason | None = "nothing-came" if found.error is None else None
        return {
            "weeks_ahead": ahead,
            "weeks": len(weeks),
            "came": money_json(found.came_minor, currency),
            "error": _tenths(found.error),
            "due_date_error": _tenths(found.due_date_error),
            "bias": _tenths(found.bias),
            "coverage_50": _tenths(found.coverage_50),
            "coverage_80": _tenths(found.coverage_80),
            "reason": reason if weeks else "no-past-weeks",
        }


def _tenths(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)


class AccuracyOut(ScopedReport):
    """Past forecasts beside what came, the earliest first."""

    definition: str
    currency: str
    totals: AheadOut
    by_weeks_ahead: list[AheadOut]
    data: list[PastWeekOut]

    @classmethod
    def of(cls, books: ReceivablesSnapshot, weeks: Sequence[PastWeek]) -> Json:
        """Show the weeks and their errors."""
        currency = books.total.currency
        ahead = sorted({week.weeks_ahead for week in weeks})
        return {
            "definition": CASH_FORECAST.id,
            "currency": currency,
            "totals": AheadOut.of(None, weeks, currency),
            "by_weeks_ahead": [
                AheadOut.of(n, [week for week in weeks if week.weeks_ahead == n], currency) for n in ahead
            ],
            "data": [_past_week(week, currency) for week in weeks],
            **cls.end(books),
        }


def _past_week(week: PastWeek, currency: str) -> Json:
    last = date.fromordinal(week.made_on) + timedelta(days=7 * week.weeks_ahead)
    return {
        "made_on": date.fromordinal(week.made_on).isoformat(),
        "weeks_ahead": week.weeks_ahead,
        "start": (last - timedelta(days=6)).isoformat(),
        "end": last.isoformat(),
        "expected": money_json(round(week.expected), currency),
        "range_50": CashRangeOut.between(week.range_50, currency),
        "range_80": CashRangeOut.between(week.range_80, currency),
        "came": money_json(week.came_minor, currency),
        "due_date_basis": money_json(week.due_minor, currency),
        "covered_50": week.covered_50,
        "covered": week.covered_80,
    }
