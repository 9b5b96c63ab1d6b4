"""Figures by a definition. One that has no value is null, and the answer names the reason beside it."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, Field

from encours.http.answers import Json
from reporting_svc.domain.measures.definitions import Definition
from reporting_svc.domain.measures.dso import rounded

Reason = Literal[
    "no-turnover",
    "no-known-cost",
    "not-planned",
    "nothing-planned",
    "nothing-billed",
    "nothing-came",
    "nothing-fell-due",
    "nothing-late",
    "nothing-open",
    "nothing-settled",
    "nothing-to-collect",
    "no-past-weeks",
    "not-known-yet",
    "forecast-not-made",
    "no-forecast-of-the-past",
    "several-currencies",
    "week-over",
]


class Reasoned(BaseModel):
    """Base of figures that can be null."""

    reason: Reason | None = Field(description="Why a figure here is null; null where all have a value.")


class PercentOut(Reasoned):
    """Percent by a definition."""

    definition: str
    percent: float | None

    @classmethod
    def of(cls, definition: Definition, percent: Fraction | None, reason: Reason) -> Json:
        """Show a percentage, rounded to two decimals, or the reason for having none."""
        none = reason if percent is None else None
        return {"definition": definition.id, "percent": rounded(percent), "reason": none}


class DaysOut(Reasoned):
    """Days by a definition; null where there is no turnover to express them in."""

    definition: str
    days: float | None

    @classmethod
    def of(cls, definition: Definition, days: Fraction | None) -> Json:
        """Show days, rounded to two decimals."""
        none = "no-turnover" if days is None else None
        return {"definition": definition.id, "days": rounded(days), "reason": none}
