"""The rules of an order and its deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from encours.contracts.common import DocumentContent
from encours.contracts.events import order as events
from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.kernel.money import div_half_up
from invoice_svc.domain.amounts.decimals import decimal_parts
from invoice_svc.domain.customer.decide import require_customer_of
from invoice_svc.domain.customer.state import Customer, terms_on
from invoice_svc.domain.document import made_number, reckon_document
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.order.commands import (
    CancelDelivery,
    CloseOrder,
    DeliverOrder,
    PlaceOrder,
    QuantityDelivered,
)
from invoice_svc.domain.order.parts import delivered_line
from invoice_svc.domain.order.state import Delivery, Order, OrderEvent, left_of
from invoice_svc.domain.refusals import DateInFuture


class OrderExists(Refusal):
    """An order with the number exists already."""

    code = "order-exists"
    title = "Order already exists"
    remedy = "GET the order, or choose another number."


class OrderIsClosed(Refusal):
    """No more is delivered of the order."""

    code = "order-closed"
    title = "Order is closed"
    remedy = "Record a new order for what is delivered."


class QuantityExceedsOrder(Refusal):
    """The delivery is above what is left of the order."""

    code = "quantity-exceeds-order"
    title = "Delivery exceeds the order"
    remedy = "Reduce the quantity, or record a new order for the rest."


class DeliveryExists(Refusal):
    """The order has a delivery with the note already."""

    code = "delivery-exists"
    title = "Delivery is recorded already"
    remedy = "GET the order; cancel the delivery first if it was recorded by mistake."


class DeliveryNotFound(NotFound):
    """The order has no delivery of the id (404)."""

    code = "delivery-not-found"
    title = "Delivery not found"
    remedy = "GET the order for its deliveries."


class DeliveryIsBilled(Refusal):
    """An invoice has the delivery."""

    code = "delivery-billed"
    title = "Delivery is billed"
    remedy = "Cancel the draft, or credit the invoice as a whole, first."


def place(
    state: Order, command: PlaceOrder, entity: Entity, customer: Customer, on: date, today: date
) -> list[OrderEvent]:
    """Record the order with its sums."""
    if state.order_id:
        raise OrderExists(f"Order {state.number} of {entity.name} exists already: {state.order_id}.")
    if on > today:
        raise DateInFuture(f"{on} is after the ledger's date; use {today} or an earlier one.", "/ordered_on")
    require_customer_of(customer, command.entity_id)
    found = reckon_document(command.content, command.currency, entity, customer, on)
    for i, line in enumerate(found.content.lines):
        if Decimal(line.quantity) <= 0:
            raise Invalid(
                "An ordered quantity is above 0; write a rebate as an allowance.", f"/lines/{i}/quantity"
            )
    place = found.content.particulars.delivery_address if found.content.particulars else None
    return [
        events.OrderPlaced(
            order_id=command.order_id,
            customer_id=command.customer_id,
            number=command.number or made_number("CMD", command.order_id, on),
            currency=found.currency,
            quote_id=command.quote_id,
            deliver_to=place or customer.address,
            content=found.content,
            net_minor=found.net_minor,
            vat_minor=found.vat_minor,
            total_minor=found.total_minor,
            deposit_minor=_deposit_minor(found.content, customer, found.total_minor, on),
        )
    ]


def _deposit_minor(content: DocumentContent, customer: Customer, total_minor: int, on: date) -> int | None:
    """Return the deposit that is agreed with the customer; an order with terms of its own has none."""
    agreed = None if content.terms is not None else terms_on(customer, on)
    if agreed is None or agreed.deposit_bps is None:
        return None
    return div_half_up(total_minor * agreed.deposit_bps, 10_000)


def deliver(state: Order, command: DeliverOrder, delivery_id: str, on: date, today: date) -> list[OrderEvent]:
    """Record a delivery of at most what is left of each line; a delivery note counts once."""
    for each in state.deliveries:
        if each.note_number == command.note_number and not each.cancelled:
            raise DeliveryExists(f"{each.note_number} of {each.delivered_on} is recorded on {state.number}.")
    if state.closed_on is not None:
        raise OrderIsClosed(f"{state.number} was closed on {state.closed_on}.")
    if on > today:
        raise DateInFuture(
            f"{on} is after the ledger's date; use {today} or an earlier one.", "/delivered_on"
        )
    if on < state.ordered_on:
        raise Invalid(f"{state.number} was placed on {state.ordered_on}, after {on}.", "/delivered_on")
    lines = _delivered(state, _left_over(state) if command.lines is None else command.lines)
    return [
        events.OrderDelivered(
            order_id=state.order_id,
            customer_id=state.customer_id,
            currency=state.currency,
            delivery_id=delivery_id,
            note_number=command.note_number,
            delivered_to=command.delivered_to or state.deliver_to,
            lines=lines,
            net_minor=sum(line.net_minor for line in lines),
        )
    ]


def cancel_delivery(state: Order, command: CancelDelivery) -> list[OrderEvent]:
    """Cancel a delivery that no invoice has; no event if it is cancelled already."""
    delivery = state.delivery(command.delivery_id)
    if delivery is None:
        raise DeliveryNotFound(command.delivery_id)
    if delivery.cancelled:
        return []
    if delivery.invoice_id is not None:
        raise DeliveryIsBilled(f"{delivery.note_number} is billed by {delivery.invoice_id}.")
    return [
        events.DeliveryCancelled(
            order_id=state.order_id,
            customer_id=state.customer_id,
            currency=state.currency,
            delivery_id=delivery.delivery_id,
            net_minor=delivery.net_minor,
            cause=command.cause,
        )
    ]


def close(state: Order, command: CloseOrder) -> list[OrderEvent]:
    """End the order; no event if it is closed already."""
    if state.closed_on is not None:
        return []
    return [events.OrderClosed(order_id=state.order_id, customer_id=state.customer_id, cause=command.cause)]


def bill(state: Order, deliveries: Sequence[Delivery], invoice_id: str) -> events.OrderBilled:
    """Have an invoice take deliveries. Raises :class:`DeliveryIsBilled` for one that another invoice has."""
    for each in deliveries:
        if each.invoice_id is not None:
            raise DeliveryIsBilled(f"{each.note_number} is billed by {each.invoice_id}.")
    return events.OrderBilled(
        order_id=state.order_id,
        customer_id=state.customer_id,
        currency=state.currency,
        invoice_id=invoice_id,
        delivery_ids=tuple(each.delivery_id for each in deliveries),
        net_minor=sum(each.net_minor for each in deliveries),
    )


def unbill(state: Order, invoice_id: str, cause: events.UnbilledCause) -> list[OrderEvent]:
    """Free the deliveries of an invoice that is not to be paid; no event if it has none of this order."""
    freed = [each for each in state.deliveries if each.invoice_id == invoice_id]
    if not freed:
        return []
    return [
        events.OrderUnbilled(
            order_id=state.order_id,
            customer_id=state.customer_id,
            currency=state.currency,
            invoice_id=invoice_id,
            delivery_ids=tuple(each.delivery_id for each in freed),
            net_minor=sum(each.net_minor for each in freed),
            cause=cause,
        )
    ]


def _left_over(state: Order) -> tuple[QuantityDelivered, ...]:
    left = enumerate(left_of(state), 1)
    return tuple(QuantityDelivered(line, f"{quantity:f}") for line, quantity in left if quantity > 0)


def _delivered(state: Order, wanted: Sequence[QuantityDelivered]) -> tuple[events.DeliveredLine, ...]:
    if not wanted:
        raise QuantityExceedsOrder(f"All of {state.number} is delivered.")
    ordered, left, parts = state.content.lines, left_of(state), []
    for i, part in enumerate(wanted):
        if not 1 <= part.line <= len(ordered):
            raise Invalid(f"{state.number} has lines 1 to {len(ordered)}.", f"/lines/{i}/line")
        _, _, quantity = decimal_parts(part.quantity, f"/lines/{i}/quantity")
        if Decimal(quantity) <= 0:
            raise Invalid("A delivered quantity is above 0.", f"/lines/{i}/quantity")
        left[part.line - 1] -= Decimal(quantity)
        if left[part.line - 1] < 0:
            raise QuantityExceedsOrder(
                f"Of line {part.line}, {ordered[part.line - 1].description}, "
                f"{(left[part.line - 1] + Decimal(quantity)).normalize():f} is left to deliver, not {quantity}.",
                f"/lines/{i}/quantity",
            )
        line = ordered[part.line - 1]
        before = Decimal(line.quantity) - left[part.line - 1] - Decimal(quantity)
        parts.append(delivered_line(line, part.line, Decimal(quantity), before, state.currency))
    return tuple(parts)
