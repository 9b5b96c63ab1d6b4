"""The answer of a first look."""

from __future__ import annotations

from typing import Any

from encours.http.models import MoneyModel, money_json
from reporting_svc.http.aged_balance.answers import AgedRow, Total
from reporting_svc.http.answers import Report
from reporting_svc.http.dso.answers import DsoFigures
from reporting_svc.read_models.receivables.turnover import Turnover


class DashboardOut(Report):
    """`largest_overdue` are the five customers with most past due; `last_30_days` end with as_of."""

    definition: str
    totals: Total
    overdue_share: float | None
    dso: DsoFigures
    last_30_days: dict[str, MoneyModel]
    largest_overdue: list[AgedRow]


def lately_json(periods: list[Turnover], currency: str) -> dict[str, Any]:
    return {
        name: money_json(sum(getattr(period, name) for period in periods), currency)
        for name in ("billed", "credited", "collected", "reversed")
    }
