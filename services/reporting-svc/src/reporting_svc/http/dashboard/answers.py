"""Answer of the dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.kernel.bands import STANDARD
from reporting_svc.domain.measures.definitions import (
    AGED_BY_DUE_DATE,
    BROKEN_PROMISES,
    CASH_FORECAST,
    CEI,
    DUE_PROMISES,
    OVERDUE_RATE,
    PAST_90,
    TURNOVER,
    Definition,
)
from reporting_svc.domain.measures.dso import Dso
from reporting_svc.domain.measures.ratios import percent
from reporting_svc.http.aged_balance.answers import AgedRow, Total
from reporting_svc.http.answers import ConvertedReport, TieOut
from reporting_svc.http.cash_forecast.answers import CashPeriodOut, periods_json
from reporting_svc.http.dso.answers import DsoFigures
from reporting_svc.http.measured import PercentOut, Reason, Reasoned
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.jobs.forecast_store import ForecastWork
from reporting_svc.read_models.aged_balance.penalties import OpenPenalties
from reporting_svc.read_models.aged_balance.query import Figures
from reporting_svc.read_models.dashboard.query import PromiseSums
from reporting_svc.read_models.tie_out.query import TiedFigures
from reporting_svc.read_models.turnover.query import Turnover

_LATELY = ("billed", "credited", "collected", "reversed")


@dataclass(frozen=True, slots=True)
class Lately:
    """Figures of the last days: turnover, collection of the month, promises."""

    periods: Sequence[Turnover]
    effectiveness: Fraction | None
    due: PromiseSums
    broken: PromiseSums


class AtRiskOut(Reasoned):
    """Open for more than 90 days past due; `share` of all that is open, null where nothing is."""

    definition: str
    amount: MoneyModel
    share: float | None

    @classmethod
    def of(cls, total: Figures) -> Json:
        """Show the bands of more than 90 days."""
        share = total.past_90_share
        return {
            "definition": PAST_90.id,
            "amount": money_json(total.past_90, total.currency),
            "share": None if share is None else round(float(share), 4),
            "reason": "nothing-open" if share is None else None,
        }


class LatelyOut(BaseModel):
    """Turnover and cash of the 30 days that end with as_of."""

    definition: str
    billed: MoneyModel
    credited: MoneyModel
    collected: MoneyModel
    reversed: MoneyModel

    @classmethod
    def of(cls, periods: Sequence[Turnover], currency: str) -> Json:
        """Show the sums of the days."""
        sums = {name: sum(getattr(period, name) for period in periods) for name in _LATELY}
        shown = {name: money_json(minor, currency) for name, minor in sums.items()}
        return {"definition": TURNOVER.id, **shown}


class DuePromises(BaseModel):
    """Promises whose last day is as_of."""

    definition: str
    number: int
    amount: MoneyModel


class BrokenPromiseOut(BaseModel):
    """A broken promise in its own currency; `missing` had not arrived in time."""

    promise_id: str
    customer_id: str
    name: str | None
    promised_on: date
    broken_on: date
    amount: MoneyModel
    missing: MoneyModel

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Json:
        """Show a promise."""
        return {
            "promise_id": row["promise_id"],
            "customer_id": row["customer_id"],
            "name": row["name"],
            "promised_on": row["promised_on"].isoformat(),
            "broken_on": row["effective_on"].isoformat(),
            "amount": money_json(row["amount_minor"], row["currency"]),
            "missing": money_json(row["missing_minor"], row["currency"]),
        }


class BrokenPromises(DuePromises):
    """Promises that were found broken in the last 30 days and have stayed so; `largest` lists at most five."""

    missing: MoneyModel
    largest: list[BrokenPromiseOut]


class ExpectedCashOut(Reasoned):
    """Cash that the open receivables bring in this week and the next one: periods of `GET /v1/cash-forecast`.

    They are of the latest forecast of today, which may be some minutes older than the answer. There is none before one
    is made, which the question begins, none of the past, and none with `report_currency`.
    """

    definition: str
    position: int | None = Field(
        description="Position of the forecast: with this `known_at` it is the same one."
    )
    this_week: CashPeriodOut | None = Field(description="After as_of up to Sunday; null on a Sunday.")
    next_week: CashPeriodOut | None

    @classmethod
    def of(cls, forecast: ForecastWork | Reason) -> Json:
        """Show two weeks of a forecast, or why there is none."""
        if not isinstance(forecast, ForecastWork) or forecast.result is None:
            reason = "forecast-not-made" if isinstance(forecast, ForecastWork) else forecast
            shown = dict.fromkeys(("position", "this_week", "next_week"))
            return {"definition": CASH_FORECAST.id, **shown, "reason": reason}
        sunday = forecast.first_on + timedelta(days=6 - forecast.first_on.weekday())
        weeks = {row["end"]: row for row in periods_json(forecast.result.made, forecast.asked.currency)}
        this_week = weeks.get(sunday.isoformat())
        return {
            "definition": CASH_FORECAST.id,
            "position": forecast.position,
            "this_week": this_week,
            "next_week": weeks[(sunday + timedelta(days=7)).isoformat()],
            "reason": None if this_week else "week-over",
        }


class DashboardOut(ConvertedReport):
    """`largest_overdue` are the five customers with most past due; `last_30_days` end with as_of."""

    definition: str
    totals: Total
    overdue_rate: PercentOut = Field(description="Overdue part of the open amounts.")
    at_risk: AtRiskOut
    dso: DsoFigures
    collection_effectiveness: PercentOut = Field(
        description="Of the calendar month up to as_of; with `report_currency` all of it at the rates of as_of."
    )
    last_30_days: LatelyOut
    expected_cash: ExpectedCashOut
    promised_today: DuePromises
    broken_promises: BrokenPromises
    largest_overdue: list[AgedRow]

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        tied: TiedFigures,
        penalties: OpenPenalties,
        dso: Dso,
        lately: Lately,
        largest: Sequence[Figures],
        forecast: ForecastWork | Reason,
    ) -> Json:
        """Show the sums, the days, the periods of the last 30 days as one, cash to come, promises, customers with most
        past due.
        """
        total, currency = books.total, books.total.currency
        gross, late = sum(total.bands) - penalties.open_minor, total.overdue - penalties.late_minor
        return {
            "definition": AGED_BY_DUE_DATE.id,
            "currency": currency,
            "totals": Total.of(total, STANDARD, insured=False),
            "overdue_rate": PercentOut.of(OVERDUE_RATE, percent(late, gross), "nothing-open"),
            "at_risk": AtRiskOut.of(total),
            "dso": DsoFigures.of(dso, currency),
            "collection_effectiveness": PercentOut.of(CEI, lately.effectiveness, "nothing-to-collect"),
            "last_30_days": LatelyOut.of(lately.periods, currency),
            "expected_cash": ExpectedCashOut.of(forecast),
            "promised_today": _sums(DUE_PROMISES, lately.due, currency),
            "broken_promises": {
                **_sums(BROKEN_PROMISES, lately.broken, currency),
                "missing": money_json(lately.broken.missing_minor, currency),
                "largest": [BrokenPromiseOut.of(row) for row in lately.broken.largest],
            },
            "largest_overdue": [AgedRow.of(figures, STANDARD, insured=False) for figures in largest],
            "tie_out": TieOut.of(tied),
            **cls.end(books),
        }


def _sums(definition: Definition, promises: PromiseSums, currency: str) -> Json:
    return {
        "definition": definition.id,
        "number": promises.number,
        "amount": money_json(promises.amount_minor, currency),
    }
