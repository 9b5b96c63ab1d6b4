"""Answers about days sales outstanding."""

from __future__ import annotations

from pydantic import BaseModel, Field

from encours.http.models import MoneyModel
from reporting_svc.http.answers import Report


class DaysOut(BaseModel):
    """Days by a definition; null where there is no turnover to express them in."""

    definition: str
    days: float | None


class CountbackOut(DaysOut):
    """`exhausted`: the balance is older than all turnover known, so the days are a lower bound."""

    months: int = Field(description="Calendar months gone through.")
    exhausted: bool


class DsoFigures(BaseModel):
    """Both ways of counting, and what part of the days is lateness."""

    period_days: int
    receivables: MoneyModel
    turnover: MoneyModel = Field(description="VAT included, of the period.")
    simple: DaysOut
    countback: CountbackOut
    best_possible: DaysOut
    average_days_delinquent: DaysOut


class DsoOut(DsoFigures, Report):
    """Days sales outstanding of the scope."""
