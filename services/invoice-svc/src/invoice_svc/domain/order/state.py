"""State of an order, folded from its events."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, assert_never, cast

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.common import Address, DocumentContent
from encours.contracts.events import order as events
from encours.kernel.errors import NotFound
from invoice_svc.domain.document import NO_CONTENT

OrderStatus = Literal["open", "closed"]
Delivered = Literal["none", "part", "whole"]


class OrderNotFound(NotFound):
    """No order has the id (404)."""

    code = "order-not-found"
    title = "Order not found"
    remedy = (
        "Use an id from GET /v1/orders. The id may belong to another ledger, or to an order later than as_of."
    )


class Delivery(Struct, frozen=True):
    """A delivery. ``invoice_id`` is the invoice that bills it; ``net_minor`` its value without VAT."""

    delivery_id: str
    note_number: str
    delivered_on: date
    delivered_to: Address | None
    lines: tuple[events.DeliveredLine, ...]
    net_minor: int
    invoice_id: str | None = None
    cancelled: bool = False


class Order(Struct, frozen=True):
    """State of an order, for decisions and answers. Amounts in minor units."""

    order_id: str = ""
    entity_id: str = ""
    customer_id: str = ""
    number: str = ""
    currency: str = ""
    ordered_on: date = date.min
    quote_id: str | None = None
    deliver_to: Address | None = None
    content: DocumentContent = NO_CONTENT
    net_minor: int = 0
    vat_minor: int = 0
    total_minor: int = 0
    deposit_minor: int | None = None
    deliveries: tuple[Delivery, ...] = ()
    closed_on: date | None = None
    closing: str | None = None

    @property
    def status(self) -> OrderStatus:
        """``closed``: no more is delivered."""
        return "open" if self.closed_on is None else "closed"

    @property
    def delivered(self) -> Delivered:
        """The part of the ordered quantities that was delivered."""
        if not any(not delivery.cancelled for delivery in self.deliveries):
            return "none"
        return "part" if any(quantity > 0 for quantity in left_of(self)) else "whole"

    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return a delivery of the order."""
        return next((each for each in self.deliveries if each.delivery_id == delivery_id), None)


OrderEvent = (
    events.OrderPlaced
    | events.OrderDelivered
    | events.DeliveryCancelled
    | events.OrderBilled
    | events.OrderUnbilled
    | events.OrderClosed
)


def evolve(state: Order, recorded: Recorded) -> Order:
    """Return the order after one more event."""
    event = cast(OrderEvent, recorded.data)
    match event:
        case events.OrderPlaced():
            return Order(
                order_id=event.order_id,
                entity_id=recorded.entity,
                customer_id=event.customer_id,
                number=event.number,
                currency=event.currency,
                ordered_on=recorded.effective_on,
                quote_id=event.quote_id,
                deliver_to=event.deliver_to,
                content=event.content,
                net_minor=event.net_minor,
                vat_minor=event.vat_minor,
                total_minor=event.total_minor,
                deposit_minor=event.deposit_minor,
            )
        case events.OrderDelivered():
            delivery = Delivery(
                event.delivery_id,
                event.note_number,
                recorded.effective_on,
                event.delivered_to,
                event.lines,
                event.net_minor,
            )
            return replace(state, deliveries=(*state.deliveries, delivery))
        case events.DeliveryCancelled():
            return _changed(state, (event.delivery_id,), cancelled=True)
        case events.OrderBilled():
            return _changed(state, event.delivery_ids, invoice_id=event.invoice_id)
        case events.OrderUnbilled():
            return _changed(state, event.delivery_ids, invoice_id=None)
        case events.OrderClosed():
            return replace(state, closed_on=recorded.effective_on, closing=event.cause)
        case _:
            assert_never(event)


def _changed(state: Order, delivery_ids: tuple[str, ...], **fields: object) -> Order:
    deliveries = (
        replace(each, **fields) if each.delivery_id in delivery_ids else each for each in state.deliveries
    )
    return replace(state, deliveries=tuple(deliveries))


def left_of(state: Order) -> list[Decimal]:
    """Return the quantity of each line that is not delivered yet."""
    left = [Decimal(line.quantity) for line in state.content.lines]
    for delivery in state.deliveries:
        if not delivery.cancelled:
            for part in delivery.lines:
                left[part.line - 1] -= Decimal(part.quantity)
    return [quantity.normalize() for quantity in left]
