"""Amounts of the rarer events of money, written from the rules alone: nothing here shares code with the books."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
