"""Answers about days sales outstanding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, known_money_json, money_json
from reporting_svc.domain.measures import definitions
from reporting_svc.domain.measures.dso import Countback, Dso, rounded
from reporting_svc.http.answers import ConvertedReport, TieOut
from reporting_svc.http.measured import DaysOut, Reasoned
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.dso.query import DsoGrouping
from reporting_svc.read_models.tie_out.query import TiedFigures


class CountbackOut(BaseModel):
    """`exhausted`: the balance is older than all turnover known, so the days are a lower bound."""

    definition: str
    days: float
    months: int = Field(description="Calendar months gone through.")
    exhausted: bool

    @classmethod
    def of(cls, countback: Countback) -> Json:
        """Show the days and the months that they were counted in."""
        return {
            "definition": definitions.DSO_COUNTBACK.id,
            "days": rounded(countback.days),
            "months": countback.months,
            "exhausted": countback.exhausted,
        }


class WorkingCapitalOut(Reasoned):
    """Effect on working capital [BFR]: cash that days of DSO tie up; `per_day` is null without turnover."""

    definition: str
    per_day: MoneyModel | None = Field(description="Cash that one day of DSO ties up.")
    late: MoneyModel = Field(description="Cash that lateness ties up.")

    @classmethod
    def of(cls, per_day_minor: int | None, late_minor: int, currency: str) -> Json:
        """Show the effect of a period."""
        return {
            "definition": definitions.WORKING_CAPITAL.id,
            "per_day": known_money_json(per_day_minor, currency),
            "late": money_json(late_minor, currency),
            "reason": "no-turnover" if per_day_minor is None else None,
        }


class _DsoFields(BaseModel):
    period_days: int
    receivables: MoneyModel
    turnover: MoneyModel = Field(description="VAT included, of the period.")
    simple: DaysOut
    countback: CountbackOut
    best_possible: DaysOut
    average_days_delinquent: DaysOut
    working_capital: WorkingCapitalOut


class DsoFigures(_DsoFields):
    """Both ways of counting, and what part of the days is lateness."""

    @classmethod
    def of(cls, dso: Dso, currency: str) -> Json:
        """Show the days of a balance in one currency."""
        return {
            "period_days": dso.period_days,
            "receivables": money_json(dso.receivables_minor, currency),
            "turnover": money_json(dso.turnover_minor, currency),
            "simple": DaysOut.of(definitions.DSO_SIMPLE, dso.simple),
            "countback": CountbackOut.of(dso.countback),
            "best_possible": DaysOut.of(definitions.BPDSO, dso.best_possible),
            "average_days_delinquent": DaysOut.of(definitions.ADD, dso.delinquent),
            "working_capital": WorkingCapitalOut.of(dso.per_day_minor, dso.late_minor, currency),
        }


@dataclass(frozen=True, slots=True)
class DsoGroups:
    """Measures by month and group, and the names of entities and collectors; tied out with the whole."""

    tied: TiedFigures
    by: DsoGrouping | None
    measured: Mapping[tuple[str | None, str | None], Dso]
    names: Mapping[str, str]


class DsoGroupRow(_DsoFields):
    """A group with its days; `group` is null for customers in none, and for money of unknown payers."""

    month: str | None = Field(
        description="Such as 2026-03, measured at its end or on as_of; null without months."
    )
    group: str | None = Field(description="By month alone: the month.")
    name: str | None = Field(description="Of an entity or a collector.")


class DsoOut(_DsoFields, ConvertedReport):
    """Days sales outstanding of the scope. With `group_by`, `tie_out.buckets` is the balance of the groups, or of the
    last month, and what is open of penalties."""

    group_by: DsoGrouping | None
    groups: list[DsoGroupRow] = Field(description="Groups in order; empty without `group_by`.")

    @classmethod
    def of(cls, books: ReceivablesSnapshot, dso: Dso, groups: DsoGroups) -> Json:
        """Show the days of everything in scope, and of its groups."""
        currency = books.total.currency
        return {
            "currency": currency,
            **DsoFigures.of(dso, currency),
            "group_by": groups.by,
            "groups": [
                {
                    "month": month,
                    "group": month if groups.by == "month" else group,
                    "name": groups.names.get(group or ""),
                    **DsoFigures.of(own, currency),
                }
                for (month, group), own in groups.measured.items()
            ],
            "tie_out": TieOut.of(groups.tied),
            **cls.end(books),
        }
