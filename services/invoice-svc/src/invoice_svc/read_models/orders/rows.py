"""Tables of the lists of orders and deliveries."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class OrderRow(Row, kw_only=True):
    """An order, open until ``closed_position`` (known) and ``closed_on`` (business date)."""

    TABLE: ClassVar[str] = "customer_order"
    KEY: ClassVar[tuple[str, ...]] = ("order_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, order_id)",
        "(entity_id, order_id)",
        "(ordered_on, order_id)",
        "(number_key)",
        "(reference_key)",
    )
    order_id: str
    entity_id: str
    customer_id: str
    number_key: str
    reference_key: str | None
    ordered_on: date
    from_position: int
    closed_on: date | None = None
    closed_position: int | None = None


class DeliveryRow(Row, kw_only=True):
    """A delivery."""

    TABLE: ClassVar[str] = "delivery"
    KEY: ClassVar[tuple[str, ...]] = ("delivery_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, delivered_on)",
        "(entity_id, delivered_on)",
        "(order_id)",
    )
    delivery_id: str
    order_id: str
    entity_id: str
    customer_id: str
    delivered_on: date
    currency: str
    net_minor: int
    from_position: int
    cancelled_on: date | None = None
    cancelled_position: int | None = None


class DeliveryBillingRow(Row, kw_only=True):
    """A delivery on an invoice: from its draft, with its issue, until it is freed."""

    TABLE: ClassVar[str] = "delivery_billing"
    KEY: ClassVar[tuple[str, ...]] = ("delivery_id", "invoice_id")
    delivery_id: str
    invoice_id: str
    billed_on: date
    billed_position: int
    issued_on: date | None = None
    issued_position: int | None = None
    freed_on: date | None = None
    freed_position: int | None = None
