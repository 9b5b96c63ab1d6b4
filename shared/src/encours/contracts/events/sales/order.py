"""Orders [commandes] and deliveries. Stream: the order id. Appended by invoice-svc. No money moves.

A delivery is billed by one invoice at a time: ``order.billed`` stands in the order's stream beside the deliveries, so
that two invoices cannot take the same one. Days are the events' business dates.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.common import Address, Adjustment, DocumentContent

UnbilledCause = Literal["cancelled", "credited"]


class DeliveredLine(Value, frozen=True, kw_only=True):
    """Quantity that was delivered of a line of the order; ``line`` counts from 1."""

    line: int
    quantity: str
    net_minor: int
    """Quantity times price, less the allowances, plus the charges that fall on the quantity."""
    adjustments: tuple[Adjustment, ...]


class OrderPlaced(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The customer orders. ``content.reference`` is the customer's own number of the order."""

    TYPE: ClassVar[str] = "order.placed"
    order_id: str
    customer_id: str
    number: str
    currency: str
    quote_id: str | None
    deliver_to: Address | None
    content: DocumentContent
    net_minor: int
    vat_minor: int
    total_minor: int
    deposit_minor: int | None = None
    """Deposit that is asked for in advance, VAT included; ``None`` where none is agreed with the customer."""


class OrderDelivered(Event, frozen=True, kw_only=True):
    """Goods were delivered, or services performed, on the event's business date."""

    TYPE: ClassVar[str] = "order.delivered"
    order_id: str
    customer_id: str
    currency: str
    delivery_id: str
    note_number: str
    """Number of the delivery note [bon de livraison]."""
    delivered_to: Address | None
    lines: tuple[DeliveredLine, ...]
    net_minor: int


class DeliveryCancelled(Event, frozen=True, kw_only=True):
    """A delivery was recorded by mistake: it does not count."""

    TYPE: ClassVar[str] = "order.delivery_cancelled"
    order_id: str
    customer_id: str
    currency: str
    delivery_id: str
    net_minor: int
    cause: str


class OrderBilled(Event, frozen=True, kw_only=True):
    """An invoice, as a draft or issued at once, takes these deliveries."""

    TYPE: ClassVar[str] = "order.billed"
    order_id: str
    customer_id: str
    currency: str
    invoice_id: str
    delivery_ids: tuple[str, ...]
    net_minor: int


class OrderUnbilled(Event, frozen=True, kw_only=True):
    """These deliveries wait for an invoice again: theirs was cancelled as a draft, or credited as a whole."""

    TYPE: ClassVar[str] = "order.unbilled"
    order_id: str
    customer_id: str
    currency: str
    invoice_id: str
    delivery_ids: tuple[str, ...]
    net_minor: int
    cause: UnbilledCause


class OrderClosed(Event, frozen=True, kw_only=True):
    """No more is delivered of the order."""

    TYPE: ClassVar[str] = "order.closed"
    order_id: str
    customer_id: str
    cause: str | None
