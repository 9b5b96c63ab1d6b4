"""Amounts of the rarer events of money, written from the rules alone: nothing here shares code with the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from encours.ledger.stored import StoredEvent

SALES = {"invoice.issued": 1, "invoice.credited": -1, "payment.credit_note_issued": -1}
SETTLING = {
    "invoice.written_off": -1,
    "invoice.unrecoverable": -1,
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
        item, lost = items[data.invoice_id], fact.type == "invoice.unrecoverable"
        minor = sign * (data.written_off_minor if lost else data.amount_minor)
        item["open"] += minor
        of(data.customer_id, data.currency).account += minor
        if fact.type in SETTLING:
            item["settled"] -= minor
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


def turnover(
    known: Sequence[StoredEvent], first: date, last: date, currency: str | None
) -> Iterator[tuple[str, date, Counter[str]]]:
    """Iterate over what each event adds to the turnover of a customer on a day."""
    for event in known:
        data: Any = event.recorded().data
        if not first <= event.effective_on <= last or getattr(data, "currency", None) != currency:
            continue
        day = event.effective_on
        customer = getattr(data, "customer_id", None) or ""
        if event.type in SALES:
            yield customer, day, _sale(data, SALES[event.type])
        elif event.type in ("payment.reversed", "payment.restored"):
            sign = 1 if event.type == "payment.reversed" else -1
            yield customer, day, Counter(reversed=sign * data.amount_minor)
        elif event.type in ("payment.received", "payment.identified", "payment.reassigned"):
            yield customer, day, Counter(collected=data.amount_minor)
            if event.type != "payment.received":
                left = getattr(data, "from_customer_id", "")
                yield left, day, Counter(collected=-data.amount_minor)


def _sale(data: Any, sign: int) -> Counter[str]:
    """Columns of an invoice or a credit note; of what was taken over with its total alone, the net is not known."""
    if getattr(data, "purpose", None) == "penalty":
        return Counter()
    net = data.net_minor or 0
    gross = sign * data.total_minor if data.net_minor is None else 0
    sides = {"billed": data.total_minor, "billed_net": net} if sign > 0 else {"credited": data.total_minor}
    return Counter({"net": sign * net, "gross": gross, **sides})
