"""Answers about turnover."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from encours.http.models import MoneyModel, money_json
from reporting_svc.http.answers import Report
from reporting_svc.read_models.receivables.turnover import Turnover


class TurnoverRow(BaseModel):
    """A period with movements; `start` is its first day (weeks begin on Monday)."""

    start: date
    billed: MoneyModel = Field(description="Invoices issued, VAT included.")
    credited: MoneyModel = Field(description="Credit notes, VAT included.")
    turnover: MoneyModel = Field(description="Billed less credited, VAT included.")
    turnover_net: MoneyModel = Field(description="Billed less credited, without VAT.")
    collected: MoneyModel
    reversed: MoneyModel = Field(description="Payments reversed.")
    other: MoneyModel = Field(
        description="Whatever else changed the customers' account, such as write-offs; signed."
    )


class TurnoverOut(Report):
    """Periods in order. `tie_out.buckets` is the opening balance and what every period added to it."""

    definition: str
    by: str
    data: list[TurnoverRow]
    next_cursor: str | None
    totals: TurnoverRow
    opening: MoneyModel = Field(description="The customers' account on the eve of the first day.")


def row_json(period: Turnover, currency: str) -> dict[str, Any]:
    return {
        "start": period.start.isoformat(),
        "billed": money_json(period.billed, currency),
        "credited": money_json(period.credited, currency),
        "turnover": money_json(period.billed - period.credited, currency),
        "turnover_net": money_json(period.net, currency),
        "collected": money_json(period.collected, currency),
        "reversed": money_json(period.reversed, currency),
        "other": money_json(period.other, currency),
    }
