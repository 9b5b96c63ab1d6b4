"""Commands on an order and its deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from encours.contracts.common import Address
from invoice_svc.domain.invoice.commands import Content


class PlaceOrder(Struct, frozen=True):
    """Record an order. ``number`` is the creditor's own, made from the id if not given.

    ``ordered_on`` is today if not given.
    """

    order_id: str
    entity_id: str
    customer_id: str
    content: Content
    currency: str | None = None
    number: str | None = None
    ordered_on: date | None = None
    quote_id: str | None = None


class QuantityDelivered(Struct, frozen=True):
    """Quantity of a line of the order, a decimal string; ``line`` counts from 1."""

    line: int
    quantity: str


class DeliverOrder(Struct, frozen=True):
    """Record a delivery. ``lines`` ``None`` is all that is left; ``delivered_on`` is today if not given.

    ``delivered_to`` ``None`` is the address of the order.
    """

    order_id: str
    note_number: str
    lines: tuple[QuantityDelivered, ...] | None = None
    delivered_on: date | None = None
    delivered_to: Address | None = None


class CancelDelivery(Struct, frozen=True):
    """Cancel a delivery that was recorded by mistake."""

    order_id: str
    delivery_id: str
    cause: str


class CloseOrder(Struct, frozen=True):
    """End the order: no more is delivered."""

    order_id: str
    cause: str | None = None


class GroupDeliveries(Struct, frozen=True):
    """Make one invoice for the deliveries to a customer, of a period, that no invoice has.

    ``delivered_to`` restricts them to one address, ``order_ids`` to some orders. ``currency`` ``None`` is the entity's;
    orders in another are left out. With ``issue`` the invoice gets its number in the same step.
    """

    invoice_id: str
    entity_id: str
    customer_id: str
    from_on: date
    to_on: date
    series: str = "FAC"
    delivered_to: Address | None = None
    order_ids: Sequence[str] | None = None
    currency: str | None = None
    issue: bool = False
    issued_on: date | None = None
    deposits: tuple[str, ...] = ()
