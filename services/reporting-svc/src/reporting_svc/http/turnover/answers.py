"""Answers about turnover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from reporting_svc.domain.measures.definitions import TURNOVER
from reporting_svc.http.answers import Report, TieOut
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.turnover.query import Period, Turnover, TurnoverGroup, added


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


@dataclass(frozen=True, slots=True)
class TurnoverGroups:
    """Periods of each group that is shown, the number of groups that are not, and names of customers and entities."""

    by: TurnoverGroup
    shown: Mapping[str | None, Sequence[Turnover]]
    left_out: int
    names: Mapping[str, str]


class TurnoverGroupRow(BaseModel):
    """A group with its periods; `group` is null for customers in none, and for money of unknown payers."""

    group: str | None
    name: str | None = Field(description="Of an entity or a customer.")
    totals: TurnoverRow
    data: list[TurnoverRow]


class TurnoverGroupsOut(BaseModel):
    """Turnover by group, the largest first. All groups together are `data` of the answer."""

    group_by: str
    data: list[TurnoverGroupRow]
    left_out: int = Field(description="Groups that are not shown.")

    @classmethod
    def of(cls, groups: TurnoverGroups, first: date, currency: str) -> Json:
        """Show the groups."""
        rows = [
            {
                "group": group,
                "name": None if group is None else groups.names.get(group),
                "totals": TurnoverRow.of(added(first, periods), currency),
                "data": [TurnoverRow.of(period, currency) for period in periods],
            }
            for group, periods in groups.shown.items()
        ]
        return {"group_by": groups.by, "data": rows, "left_out": groups.left_out}


class TurnoverOut(Report):
    """Periods in order. `tie_out.buckets` is the opening balance and what every period added to it."""

    definition: str
    by: str
    data: list[TurnoverRow]
    next_cursor: str | None
    totals: TurnoverRow
    groups: TurnoverGroupsOut | None = Field(description="Null without `group_by`.")
    opening: MoneyModel = Field(description="The customers' account on the eve of the first day.")

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        by: Period,
        first: date,
        periods: Sequence[Turnover],
        before: int,
        groups: TurnoverGroups | None,
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
            "groups": None if groups is None else TurnoverGroupsOut.of(groups, first, total.currency),
            "opening": money_json(before, total.currency),
            "tie_out": TieOut.of(total, buckets=before + sum(period.change for period in periods)),
            **cls.end(books),
        }
