"""One invoice for several deliveries.

An invoice may cover the deliveries to one customer within a period (CGI 289 I-3). It cites the orders and the delivery
notes, and has a line for each line of a delivery.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from msgspec import Struct

from encours.contracts.common import CitedDelivery, Particulars, Terms
from encours.kernel.errors import Invalid, Refusal
from invoice_svc.domain.invoice.commands import Content, DraftInvoice
from invoice_svc.domain.order.commands import GroupDeliveries
from invoice_svc.domain.order.parts import billed_adjustments, billed_lines
from invoice_svc.domain.order.state import Delivery, Order

T = TypeVar("T")
MAX_GROUPED_LINES = 1_000


class NothingToBill(Refusal):
    """No delivery of the customer and the period is left without an invoice."""

    code = "nothing-to-bill"
    title = "No delivery is left to bill"
    remedy = "GET /v1/deliveries for the deliveries and their invoices."


class TakenDeliveries(Struct, frozen=True):
    """Deliveries of an order that an invoice takes."""

    order: Order
    deliveries: tuple[Delivery, ...]


def take(
    command: GroupDeliveries, orders: Sequence[Order], currency: str, own: Collection[str]
) -> list[TakenDeliveries]:
    """Return the deliveries to bill, by order. ``own`` are the records of the customer.

    Raises ``nothing-to-bill`` for none.
    """
    found = [
        TakenDeliveries(order, deliveries)
        for order in orders
        if order.customer_id in own
        and (order.entity_id, order.currency) == (command.entity_id, currency)
        and (deliveries := tuple(each for each in order.deliveries if _is_wanted(command, each)))
    ]
    if not found:
        raise NothingToBill(
            f"No delivery to {command.customer_id} from {command.from_on} to {command.to_on} waits for an invoice in "
            f"{currency}."
        )
    return found


def invoice_for(command: GroupDeliveries, taken: Sequence[TakenDeliveries], currency: str) -> DraftInvoice:
    """Return the command for the invoice of the deliveries, in the order of their days.

    Its date of supply is that of the last delivery. Raises :class:`Invalid` where the orders have different terms of
    their own, or for too many lines.
    """
    parts = sorted(
        ((part.order, each) for part in taken for each in part.deliveries),
        key=lambda part: (part[1].delivered_on, part[0].number, part[1].note_number),
    )
    lines = [line for order, delivery in parts for line in billed_lines(order, delivery)]
    if len(lines) > MAX_GROUPED_LINES:
        raise Invalid(
            f"The deliveries have {len(lines)} lines, an invoice has at most {MAX_GROUPED_LINES}: choose a shorter "
            "period or some of the orders.",
            "/to",
        )
    return DraftInvoice(
        invoice_id=command.invoice_id,
        entity_id=command.entity_id,
        customer_id=command.customer_id,
        series=command.series,
        content=Content(
            supply_on=parts[-1][1].delivered_on,
            lines=tuple(lines),
            terms=_terms(taken),
            reference=_alike(part.order.content.reference for part in taken),
            salesperson=_alike(part.order.content.salesperson for part in taken),
            adjustments=tuple(
                each for part in taken for each in billed_adjustments(part.order, part.deliveries)
            ),
            particulars=_particulars(taken, parts),
            deposits=command.deposits,
        ),
        currency=currency,
        issue=command.issue,
        issued_on=command.issued_on,
        deliveries=tuple(_cited(order, delivery) for order, delivery in parts),
    )


def _is_wanted(command: GroupDeliveries, delivery: Delivery) -> bool:
    return (
        delivery.invoice_id is None
        and not delivery.cancelled
        and command.from_on <= delivery.delivered_on <= command.to_on
        and command.delivered_to in (None, delivery.delivered_to)
    )


def _particulars(taken: Sequence[TakenDeliveries], parts: Sequence[tuple[Order, Delivery]]) -> Particulars:
    """Return what all orders state alike, with the period, and the address if it is one and not the customer's."""
    stated = [part.order.content.particulars or Particulars() for part in taken]
    places = {(order.content.particulars or Particulars()).delivered_to for order, _ in parts}
    addresses = {delivery.delivered_to for _, delivery in parts}
    days = [delivery.delivered_on for _, delivery in parts]
    exemptions = dict.fromkeys(each for one in stated for each in one.exemptions)
    return Particulars(
        nature=_alike(one.nature for one in stated),
        vat_on_debits=any(one.vat_on_debits for one in stated),
        buyer_reference=_alike(one.buyer_reference for one in stated),
        contract=_alike(one.contract for one in stated),
        delivered_to=_alike(places),
        delivery_address=_alike(addresses),
        supply_from=days[0] if len(days) > 1 else None,
        supply_until=days[-1] if len(days) > 1 else None,
        exemptions=tuple(exemptions),
    )


def _alike(values: Iterable[T | None]) -> T | None:
    """Return the value that all share, or None."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _terms(taken: Sequence[TakenDeliveries]) -> Terms | None:
    terms: list[Terms | None] = []
    for part in taken:
        if part.order.content.terms not in terms:
            terms.append(part.order.content.terms)
    if len(terms) > 1:
        numbers = ", ".join(part.order.number for part in taken[:10])
        raise Invalid(
            f"The orders {numbers} have different terms: bill them apart by order_ids.", "/order_ids"
        )
    return terms[0]


def _cited(order: Order, delivery: Delivery) -> CitedDelivery:
    return CitedDelivery(
        order_id=order.order_id,
        order_number=order.number,
        reference=order.content.reference,
        delivery_id=delivery.delivery_id,
        note_number=delivery.note_number,
        delivered_on=delivery.delivered_on,
    )
