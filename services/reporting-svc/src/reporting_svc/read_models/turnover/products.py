"""Turnover, cost and cash by product, of the documents that state products or costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING

from encours.contracts.books import CREDITED
from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.sums import SALES
from reporting_svc.read_models.tie_out.query import OwnSum
from reporting_svc.read_models.turnover.kept import Period
from reporting_svc.read_models.turnover.query import Turnover, added

if TYPE_CHECKING:
    from encours.reading.moment import View


@dataclass(frozen=True, slots=True)
class ProductTurnover:
    """Minor units of one product in one period. ``costed`` is the part of ``net`` whose cost is known.

    ``collected`` is what payments cover of the invoices, by the part of the product in each, with VAT.
    """

    start: date
    billed_net: int = 0
    credited_net: int = 0
    gross: int = 0
    costed: int = 0
    cost: int = 0
    collected: int = 0

    @property
    def net(self) -> int:
        """Billed less credited, without VAT."""
        return self.billed_net - self.credited_net

    @property
    def margin(self) -> int:
        """Turnover without VAT less the cost, of what has a known cost."""
        return self.costed - self.cost


_AMOUNTS = tuple(field.name for field in fields(ProductTurnover))[1:]


def total(first: date, rows: Iterable[ProductTurnover]) -> ProductTurnover:
    """Return the sum of rows as one that starts with ``first``."""
    found = list(rows)
    return ProductTurnover(first, *(sum(getattr(row, name) for row in found) for name in _AMOUNTS))


@dataclass(frozen=True, slots=True)
class Products:
    """Periods of each product, the largest turnover first. ``sums``: documents by product beside their movements.

    What was collected is rounded once for each product and period, and a cost is in no other row: neither has a sum.
    """

    rows: Mapping[str | None, Sequence[ProductTurnover]]
    sums: Sequence[OwnSum]


async def by_product(
    view: View, scope: Scope, period: Period, first: date, periods: Sequence[Turnover]
) -> Products:
    """Return the periods of each product.

    ``periods`` are those of all in scope. Their amounts beyond those of the products belong to no product: documents
    whose lines name none, and money that no invoice has taken yet. So all products add up to the periods by the cent.
    """
    sold, paid = await _sold(view, scope, period, first), await _paid(view, scope, period, first)
    sums = await _sums(view, scope, first, sold.values())
    found: dict[str | None, dict[date, ProductTurnover]] = {}
    for product, start in {**sold, **paid}:
        amounts = sold.get((product, start), ProductTurnover(start))
        cash = paid.get((product, start), 0)
        found.setdefault(product, {})[start] = replace(amounts, collected=cash)
    # Money may be put on invoices in a period in which nothing moved the accounts.
    nothing = {start: added(start, ()) for _, start in {**sold, **paid}}
    for whole in (nothing | {each.start: each for each in periods}).values():
        every = total(whole.start, (of[whole.start] for of in found.values() if whole.start in of))
        own = found.setdefault(None, {})
        rest = _rest(whole, every, own.get(whole.start, ProductTurnover(whole.start)))
        own[whole.start] = rest
    summed = {
        product: [of[start] for start in sorted(of) if any(getattr(of[start], name) for name in _AMOUNTS)]
        for product, of in found.items()
    }
    order = sorted(
        (product for product, rows in summed.items() if rows),
        key=lambda each: (-total(first, summed[each]).net, each is None, each or ""),
    )
    return Products({product: summed[product] for product in order}, sums)


def _rest(whole: Turnover, every: ProductTurnover, own: ProductTurnover) -> ProductTurnover:
    """Return the period of no product: its own amounts, and those of the ``whole`` beyond all products."""
    return ProductTurnover(
        whole.start,
        billed_net=own.billed_net + whole.billed_net - every.billed_net,
        credited_net=own.credited_net + whole.billed_net - whole.net - every.credited_net,
        gross=own.gross + whole.billed - whole.credited - every.gross,
        costed=own.costed,
        cost=own.cost,
        collected=own.collected + whole.collected - whole.reversed - every.collected,
    )


async def _sold(
    view: View, scope: Scope, period: Period, first: date
) -> dict[tuple[str | None, date], ProductTurnover]:
    where = ScopeWhere(view, scope, "p", packed=True).counted().add("p.effective_on >= {}::date", first)
    start = f"date_trunc({where.arguments.add(period)}::text, p.effective_on)::date"
    rows = await view.conn.fetch(
        f"""
        select p.product, {start} as start,
               coalesce(sum(p.net_minor) filter (where not p.is_credit), 0)::bigint,
               coalesce(-sum(p.net_minor) filter (where p.is_credit), 0)::bigint,
               sum(p.net_minor + p.vat_minor)::bigint, sum(p.costed_minor)::bigint, sum(p.cost_minor)::bigint
        from {view.schema}.product_sale p where {where.sql} group by 1, 2
        """,
        *where.arguments,
    )
    return {(row[0], row[1]): ProductTurnover(*tuple(row)[1:]) for row in rows}


async def _sums(view: View, scope: Scope, first: date, sold: Iterable[ProductTurnover]) -> tuple[OwnSum, ...]:
    """Return the turnover of the documents that state products, beside the movements of the same documents."""
    where = ScopeWhere(view, scope, "m", packed=True).counted().add("m.effective_on >= {}::date", first)
    row = await view.conn.fetchrow(
        f"""
        select coalesce(sum(m.net_minor), 0)::bigint as net, coalesce(sum(m.account_minor), 0)::bigint as gross
        from {view.schema}.movement m where {where.sql} and {SALES} and exists (
            select from {view.schema}.product_sale p where p.position = m.position)
        """,
        *where.arguments,
    )
    assert row is not None  # an aggregate is one row
    every = total(first, sold)
    return (
        OwnSum("documents by product (without VAT)", every.net, row["net"]),
        OwnSum("documents by product (with VAT)", every.gross, row["gross"]),
    )


async def _paid(view: View, scope: Scope, period: Period, first: date) -> dict[tuple[str | None, date], int]:
    """Return payments applied to invoices less those released or reversed, by product and period; minor units.

    Each counts by the part of the product in the invoice. Credit notes that are applied as payments are do not count.
    """
    args = Arguments()
    where = ScopeWhere(view, scope, "m", args, packed=True).counted()
    where.add("m.kind in ('applied', 'unapplied')").add("m.effective_on >= {}::date", first)
    start = f"date_trunc({args.add(period)}::text, m.effective_on)::date"
    # Most payments are of a whole document: their parts are the document's, without a division.
    is_whole, part = "m.paid = p.document_minor", "p.net_minor + p.vat_minor"
    rows = await view.conn.fetch(
        f"""
        select p.product, m.start, round(
                   coalesce(sum({part}) filter (where {is_whole}), 0)
                   + coalesce(sum(m.paid::numeric * ({part}) / p.document_minor) filter (where not {is_whole}), 0)
               )::bigint as paid
        from (
            select m.invoice_id, {start} as start, -m.item_minor as paid
            from {view.schema}.movement m where {where.sql} and m.item_minor <> 0 and not exists (
                select from {view.schema}.movement c where c.payment_id = m.payment_id and c.kind in {CREDITED}
            )
        ) m join {view.schema}.product_sale p
            on p.invoice_id = m.invoice_id and not p.is_credit and p.document_minor <> 0
        group by 1, 2
        """,
        *args,
    )
    return {(row["product"], row["start"]): row["paid"] for row in rows}
