"""Answers about turnover."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from reporting_svc.domain.measures.definitions import TURNOVER
from reporting_svc.http.answers import Report, TieOut
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.turnover.query import Period, Turnover, added


class TurnoverRow(BaseModel):
    """A period with movements; `start` is its first day (weeks begin on Monday)."""

    start: date
    billed: MoneyModel = Field(description="Invoices issued, VAT included.")
    credited: MoneyModel = Field(description="Credit notes, VAT included.")
    turnover: MoneyModel = Field(description="Billed less credited, VAT included.")
    turnover_net: MoneyModel = Field(
        description="Billed less credited, without VAT, of the documents that state it."
    )
    net_unknown: MoneyModel = Field(
        description="Billed less credited, VAT included, of documents taken over with their total alone."
    )
    collected: MoneyModel
    reversed: MoneyModel = Field(description="Payments reversed.")
    other: MoneyModel = Field(
        description="Whatever else changed the customers' account, such as write-offs; signed."
    )

    @classmethod
    def of(cls, period: Turnover, currency: str) -> Json:
        """Show a period."""
        return {
            "start": period.start.isoformat(),
            "billed": money_json(period.billed, currency),
            "credited": money_json(period.credited, currency),
            "turnover": money_json(period.billed - period.credited, currency),
            "turnover_net": money_json(period.net, currency),
            "net_unknown": money_json(period.gross, currency),
            "collected": money_json(period.collected, currency),
            "reversed": money_json(period.reversed, currency),
            "other": money_json(period.other, currency),
        }


class TurnoverOut(Report):
    """Periods in order. `tie_out.buckets` is the opening balance and what every period added to it."""

    definition: str
    by: str
    data: list[TurnoverRow]
    next_cursor: str | None
    totals: TurnoverRow
    opening: MoneyModel = Field(description="The customers' account on the eve of the first day.")

    @classmethod
    def of(
        cls, books: ReceivablesSnapshot, by: Period, first: date, periods: Sequence[Turnover], before: int
    ) -> Json:
        """Show the periods from ``first`` on, after an opening balance of ``before`` minor units."""
        total = books.total
        return {
            "definition": TURNOVER.id,
            "currency": total.currency,
            "by": by,
            "data": [TurnoverRow.of(period, total.currency) for period in periods],
            "next_cursor": None,
            "totals": TurnoverRow.of(added(first, periods), total.currency),
            "opening": money_json(before, total.currency),
            "tie_out": TieOut.of(total, buckets=before + sum(period.change for period in periods)),
            **cls.end(books),
        }
