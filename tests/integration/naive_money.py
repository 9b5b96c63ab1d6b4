"""Amounts of the rarer events of money, written from the rules alone: nothing here shares code with the books."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from encours.ledger.stored import StoredEvent

SALES = {"invoice.issued": 1, "invoice.credited": -1, "payment.credit_note_issued": -1}
SETTLING = {
    "invoice.written_off": -1,
    "invoice.write_off_reversed": 1,
    "invoice.write_off_recovered": 1,
    "invoice.residual_closed": -1,
    "invoice.residual_reopened": 1,
}
"""Kinds that reduce or restore the open amount as a payment does, so that the customer owes it no more, or again."""
OWING = {"invoice.discount_taken": -1, "invoice.discount_withdrawn": 1}
"""The same, of what was ever owed."""
CASH = {
    "payment.refund_ordered": -1,
    "payment.refund_returned": 1,
    "payment.restored": 1,
    "payment.residual_closed": -1,
    "payment.residual_reopened": 1,
}
"""Money of the customer that no invoice has taken."""


def add(fact: Any, data: Any, items: dict[str, dict[str, Any]], of: Callable[[str | None, str], Any]) -> None:
    """Add what an event does to the items and to the figures of customers."""
    if (sign := SETTLING.get(fact.type) or OWING.get(fact.type)) is not None:
        item = items[data.invoice_id]
        item["open"] += sign * data.amount_minor
        of(data.customer_id, data.currency).account += sign * data.amount_minor
        if fact.type in SETTLING:
            item["settled"] -= sign * data.amount_minor
    elif (sign := CASH.get(fact.type)) is not None:
        _cash(of(data.customer_id, data.currency), sign * data.amount_minor)
    elif fact.type == "payment.reassigned":
        _cash(of(data.from_customer_id, data.currency), -data.amount_minor)
        _cash(of(data.customer_id, data.currency), data.amount_minor)
    elif fact.type == "payment.credit_note_issued":
        _cash(of(data.customer_id, data.currency), data.total_minor)


def _cash(figures: Any, minor: int) -> None:
    figures.unapplied += minor
    figures.account -= minor


def sold(
    known: Sequence[StoredEvent], as_of: date, currency: str | None, customers: Collection[str]
) -> Iterator[tuple[date, int]]:
    """Iterate over the invoices and credit notes until a day, penalty documents left out."""
    for event in known:
        data: Any = event.recorded().data
        if event.type in SALES and getattr(data, "purpose", None) != "penalty":
            own = data.currency == currency and data.customer_id in customers
            if own and event.effective_on <= as_of:
                yield event.effective_on, SALES[event.type] * data.total_minor
