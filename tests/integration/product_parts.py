"""Amounts of random documents, with their parts by product."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from encours.contracts.common import ProductShare
from tests.integration.naive_money import SALES

if TYPE_CHECKING:
    from encours.ledger.stored import StoredEvent

RATES = (200, 0, 55, 100)
"""VAT in thousandths of the net amount."""


def amounts(n: int, total: int, kind: str = "invoice") -> dict[str, Any]:
    """Fields of a document with a total, VAT included: a few are of VAT alone, penalties bear none.

    Of what was taken over (``gross``), net and VAT are not known.
    """
    if kind == "gross":
        return {"net_minor": None, "vat_minor": None, "total_minor": total, "vat": ()}
    if kind == "penalty":
        return {"net_minor": total, "vat_minor": 0, "total_minor": total, "vat": (), "purpose": "penalty"}
    rate = RATES[n // 2 % 4]
    vat = total if n % 29 == 28 else total * rate // (1000 + rate)
    given = {"net_minor": total - vat, "vat_minor": vat, "total_minor": total, "vat": ()}
    return given | {"products": _products(n, total - vat, vat)}


def _products(n: int, net: int, vat: int) -> tuple[ProductShare, ...]:
    """Parts of a document: none, of one product, or of two, of which one has a cost."""
    if n % 3 == 0:
        return ()
    share, taxed = net // (n % 3), vat // (n % 3)
    parts = [
        ProductShare(product="A", net_minor=share, vat_minor=taxed, costed_minor=share, cost_minor=share // 4)
    ]
    if (share, taxed) != (net, vat):
        rest = {"net_minor": net - share, "vat_minor": vat - taxed}
        parts.append(ProductShare(product=None if n % 4 else "B", **rest))
    return tuple(parts)


def sold_and_paid(
    known: Sequence[StoredEvent], first: date, last: date, currency: str | None, customers: Collection[str]
) -> tuple[dict[str | None, list[int]], dict[tuple[str | None, date], Fraction]]:
    """Count net billed, net credited, costed net and cost of each product, and what payments cover of it by week."""
    sums: dict[str | None, list[int]] = {}
    invoiced: dict[str, tuple[Any, int]] = {}
    paid: dict[tuple[str | None, date], Fraction] = {}
    for event in known:
        data: Any = event.recorded().data
        if event.type == "invoice.issued":
            invoiced[event.stream] = data.products, data.total_minor
        counts = first <= event.effective_on <= last and getattr(data, "customer_id", None) in customers
        if not counts or getattr(data, "currency", None) != currency:
            continue
        sign = SALES.get(event.type, 0)
        for each in data.products if sign else ():
            own = sums.setdefault(each.product, [0, 0, 0, 0])
            added = (max(sign, 0), max(-sign, 0), each.costed_minor * sign, each.cost_minor * sign)
            for n, minor in enumerate((added[0] * each.net_minor, added[1] * each.net_minor, *added[2:])):
                own[n] += minor
        if event.type in ("invoice.payment_applied", "invoice.payment_unapplied"):
            minor = data.amount_minor * (1 if event.type.endswith("payment_applied") else -1)
            week = event.effective_on - timedelta(days=event.effective_on.weekday())
            for each in invoiced[event.stream][0]:
                part = Fraction(minor * (each.net_minor + each.vat_minor), invoiced[event.stream][1])
                paid[each.product, week] = paid.get((each.product, week), Fraction(0)) + part
    return sums, paid
