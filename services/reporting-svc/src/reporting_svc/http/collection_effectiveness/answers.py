"""Answers about the collection of periods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from reporting_svc.domain.measures import definitions
from reporting_svc.domain.measures.collection import Collection
from reporting_svc.http.answers import Report, TieOut
from reporting_svc.http.dso.answers import WorkingCapitalOut
from reporting_svc.http.measured import DaysOut, PercentOut
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.receivables.groups import GroupBy
from reporting_svc.read_models.tie_out.query import TiedFigures


class CollectionMeasures(BaseModel):
    """Measures of a period; days and overdue rate are those of its last day."""

    collection_effectiveness: PercentOut
    overdue_rate: PercentOut
    dso: DaysOut
    best_possible: DaysOut
    average_days_delinquent: DaysOut

    @classmethod
    def measured(cls, period: Collection) -> Json:
        """Show the measures, or the reasons for having none."""
        return {
            "collection_effectiveness": PercentOut.of(
                definitions.CEI, period.effectiveness, "nothing-to-collect"
            ),
            "overdue_rate": PercentOut.of(
                definitions.OVERDUE_RATE, period.closing.overdue_share, "nothing-open"
            ),
            "dso": DaysOut.of(definitions.DSO_SIMPLE, period.dso),
            "best_possible": DaysOut.of(definitions.BPDSO, period.best_possible),
            "average_days_delinquent": DaysOut.of(definitions.ADD, period.delinquent),
        }


class CollectionRow(CollectionMeasures):
    """A month of a group; `group` is null without `group_by` and for customers that are in none."""

    start: date
    end: date
    group: str | None
    opening: MoneyModel
    sales: MoneyModel = Field(description="Turnover VAT included of the month.")
    closing: MoneyModel
    closing_not_due: MoneyModel
    overdue: MoneyModel = Field(description="At the end of the month.")
    working_capital: WorkingCapitalOut

    @classmethod
    def of(cls, period: Collection, currency: str) -> Json:
        """Show a month."""
        closing = period.closing
        return {
            "start": period.first.isoformat(),
            "end": period.last.isoformat(),
            "group": period.group,
            "opening": money_json(period.opening.outstanding_minor, currency),
            "sales": money_json(period.sales_minor, currency),
            "closing": money_json(closing.outstanding_minor, currency),
            "closing_not_due": money_json(closing.current_minor, currency),
            "overdue": money_json(closing.overdue_minor, currency),
            **cls.measured(period),
            "working_capital": WorkingCapitalOut.of(period.per_day_minor, period.late_minor, currency),
        }


class CollectionOut(Report):
    """Months in order. `tie_out.buckets` is the closing balance of the groups and what is open of penalties."""

    group_by: GroupBy | None
    period_days: int
    data: list[CollectionRow]

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        tied: TiedFigures,
        by: GroupBy | None,
        days: int,
        periods: Sequence[Collection],
    ) -> Json:
        """Show the months; the last one ends with the question's day."""
        currency = books.total.currency
        return {
            "currency": currency,
            "group_by": by,
            "period_days": days,
            "data": [CollectionRow.of(period, currency) for period in periods],
            "tie_out": TieOut.of(tied),
            **cls.end(books),
        }
