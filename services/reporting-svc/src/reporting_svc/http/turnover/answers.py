"""Answers about turnover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from reporting_svc.domain.measures.definitions import TURNOVER, TURNOVER_BY_PRODUCT
from reporting_svc.domain.measures.dso import rounded
from reporting_svc.domain.measures.ratios import percent
from reporting_svc.http.answers import Report, TieOut
from reporting_svc.http.measured import Reason, Reasoned
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.tie_out.query import TiedFigures
from reporting_svc.read_models.turnover.kept import Period
from reporting_svc.read_models.turnover.products import ProductTurnover, total
from reporting_svc.read_models.turnover.query import Turnover, TurnoverGroup, added


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


class ProductRow(Reasoned):
    """A product in a period with movements; `start` is its first day."""

    start: date
    billed_net: MoneyModel = Field(description="Invoices, without VAT.")
    credited_net: MoneyModel = Field(description="Credit notes, without VAT.")
    turnover_net: MoneyModel = Field(description="Billed less credited, without VAT.")
    turnover: MoneyModel = Field(description="The same, VAT included.")
    collected: MoneyModel = Field(
        description="What payments cover of the invoices, by the part of the product in each; VAT included. Payments "
        "that were released or reversed are deducted."
    )
    costed_net: MoneyModel = Field(description="The part of `turnover_net` whose cost is known.")
    cost: MoneyModel = Field(description="Cost of that part.")
    margin: MoneyModel = Field(
        description="`costed_net` less `cost`: an unknown cost is left out, not taken for 0."
    )
    margin_percent: float | None = Field(description="Margin of `costed_net`; null where that is 0 or less.")
    costed_percent: float | None = Field(
        description="Share of `turnover_net` whose cost is known; null where that is 0 or less."
    )

    @classmethod
    def of(cls, row: ProductTurnover, currency: str) -> Json:
        """Show a product in a period."""
        return {
            "start": row.start.isoformat(),
            "billed_net": money_json(row.billed_net, currency),
            "credited_net": money_json(row.credited_net, currency),
            "turnover_net": money_json(row.net, currency),
            "turnover": money_json(row.gross, currency),
            "collected": money_json(row.collected, currency),
            "costed_net": money_json(row.costed, currency),
            "cost": money_json(row.cost, currency),
            "margin": money_json(row.margin, currency),
            "margin_percent": rounded(percent(row.margin, row.costed)),
            "costed_percent": rounded(percent(row.costed, row.net)),
            "reason": _reason(row),
        }


def _reason(row: ProductTurnover) -> Reason | None:
    if row.net <= 0:
        return "no-turnover"
    return "no-known-cost" if row.costed <= 0 else None


class ProductGroupRow(BaseModel):
    """A product with its periods; `product` is null for what belongs to none."""

    product: str | None
    totals: ProductRow
    data: list[ProductRow]


class TurnoverProductsOut(BaseModel):
    """Turnover by product, the largest first. All products together are `data` of the answer."""

    definition: str
    totals: ProductRow
    data: list[ProductGroupRow]
    left_out: int = Field(description="Products that are not shown.")

    @classmethod
    def of(
        cls, products: Mapping[str | None, Sequence[ProductTurnover]], most: int, first: date, currency: str
    ) -> Json:
        """Show at most so many products."""
        shown = list(products.items())[:most]
        every = [row for rows in products.values() for row in rows]
        return {
            "definition": TURNOVER_BY_PRODUCT.id,
            "totals": ProductRow.of(total(first, every), currency),
            "data": [
                {
                    "product": product,
                    "totals": ProductRow.of(total(first, rows), currency),
                    "data": [ProductRow.of(row, currency) for row in rows],
                }
                for product, rows in shown
            ],
            "left_out": len(products) - len(shown),
        }


class TurnoverOut(Report):
    """Periods in order. `tie_out.buckets` is the opening balance and what every period added to it."""

    definition: str
    by: str
    data: list[TurnoverRow]
    next_cursor: str | None
    totals: TurnoverRow
    groups: TurnoverGroupsOut | None = Field(description="Null without `group_by`, and by product.")
    products: TurnoverProductsOut | None = Field(description="With `group_by=product`.")
    opening: MoneyModel = Field(description="The customers' account on the eve of the first day.")

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        tied: TiedFigures,
        by: Period,
        first: date,
        periods: Sequence[Turnover],
        before: int,
        groups: TurnoverGroups | None,
        products: Json | None,
    ) -> Json:
        """Show the periods from ``first`` on, after an opening balance of ``before`` minor units."""
        currency = books.total.currency
        return {
            "definition": TURNOVER.id,
            "currency": currency,
            "by": by,
            "data": [TurnoverRow.of(period, currency) for period in periods],
            "next_cursor": None,
            "totals": TurnoverRow.of(added(first, periods), currency),
            "groups": None if groups is None else TurnoverGroupsOut.of(groups, first, currency),
            "products": products,
            "opening": money_json(before, currency),
            "tie_out": TieOut.of(tied),
            **cls.end(books),
        }
