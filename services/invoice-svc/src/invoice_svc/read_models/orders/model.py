"""The part of the lists that finds orders and deliveries, and the deliveries that wait for an invoice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.sales.order import (
    DeliveryCancelled,
    OrderBilled,
    OrderClosed,
    OrderDelivered,
    OrderPlaced,
    OrderUnbilled,
)
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.known import known
from invoice_svc.read_models.orders.rows import DeliveryBillingRow, DeliveryRow, OrderRow

_Read = (
    OrderPlaced
    | OrderDelivered
    | DeliveryCancelled
    | OrderBilled
    | OrderUnbilled
    | OrderClosed
    | InvoiceIssued
)


class Orders(Part):
    """Orders by customer and number; deliveries by customer, day and invoice."""

    rows = (OrderRow, DeliveryRow, DeliveryBillingRow)
    applies = frozenset(event.TYPE for event in _Read.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        match e.data:
            case OrderClosed():
                yield OrderRow, (e.stream,)
            case DeliveryCancelled() as event:
                yield DeliveryRow, (event.delivery_id,)
            case OrderUnbilled() as event:
                for delivery_id in event.delivery_ids:
                    yield DeliveryBillingRow, (delivery_id, event.invoice_id)
            case InvoiceIssued() as event:
                for cited in event.deliveries:
                    yield DeliveryBillingRow, (cited.delivery_id, e.stream)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        event = cast(_Read, e.data)
        match event:
            case OrderPlaced():
                rows.put(_order(e, event))
            case OrderDelivered():
                rows.put(
                    DeliveryRow(
                        delivery_id=event.delivery_id,
                        order_id=e.stream,
                        entity_id=e.entity,
                        customer_id=event.customer_id,
                        delivered_on=e.effective_on,
                        currency=event.currency,
                        net_minor=event.net_minor,
                        from_position=e.position,
                    )
                )
            case DeliveryCancelled():
                delivery = known(DeliveryRow, e, rows, event.delivery_id)
                delivery.cancelled_on, delivery.cancelled_position = e.effective_on, e.position
                rows.put(delivery)
            case OrderBilled():
                for delivery_id in event.delivery_ids:
                    rows.put(
                        DeliveryBillingRow(
                            delivery_id=delivery_id,
                            invoice_id=event.invoice_id,
                            billed_on=e.effective_on,
                            billed_position=e.position,
                        )
                    )
            case OrderUnbilled():
                for delivery_id in event.delivery_ids:
                    billing = known(DeliveryBillingRow, e, rows, delivery_id, event.invoice_id)
                    billing.freed_on, billing.freed_position = e.effective_on, e.position
                    rows.put(billing)
            case OrderClosed():
                order = known(OrderRow, e, rows)
                order.closed_on, order.closed_position = e.effective_on, e.position
                rows.put(order)
            case InvoiceIssued():
                for cited in event.deliveries:
                    billing = known(DeliveryBillingRow, e, rows, cited.delivery_id, e.stream)
                    billing.issued_on, billing.issued_position = event.issued_on, e.position
                    rows.put(billing)
            case _:
                assert_never(event)


def _order(e: Recorded, event: OrderPlaced) -> OrderRow:
    reference = event.content.reference
    return OrderRow(
        order_id=e.stream,
        entity_id=e.entity,
        customer_id=event.customer_id,
        number_key=event.number.lower(),
        reference_key=reference.lower() if reference else None,
        ordered_on=e.effective_on,
        from_position=e.position,
    )
