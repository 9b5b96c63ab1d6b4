"""Request bodies of orders, deliveries and grouped invoices."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from encours.http.models import Body, BusinessDate, Count, Currency, ShortText
from encours.kernel.errors import Invalid
from encours.kernel.ids import derived_id, new_id
from invoice_svc.domain.order.commands import (
    CancelDelivery,
    CloseOrder,
    DeliverOrder,
    GroupDeliveries,
    PlaceOrder,
    QuantityDelivered,
)
from invoice_svc.http.common import AddressBody, CustomerId, DecimalText, EntityId, OrderId, SeriesCode
from invoice_svc.http.documents import MAX_LINES
from invoice_svc.http.invoices.bodies import ContentBody, Deposits

MAX_ORDERS = 200
DeliveryNote = Annotated[ShortText, Field(max_length=35, examples=["BL-4711"])]


class OrderBody(ContentBody):
    """An order of a customer. `reference` is the customer's own number of it; it is delivered to `delivery`."""

    entity_id: EntityId
    customer_id: CustomerId
    number: ShortText | None = Field(
        default=None, description="Your own number, unique per entity; made by the service if not given."
    )
    ordered_on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self) -> PlaceOrder:
        """Return the command. The id is derived from a given number, so that a second order with it is refused."""
        own = self.number
        return PlaceOrder(
            order_id=derived_id("ord", "number", self.entity_id, own) if own else new_id("ord"),
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            content=self.to_content(),
            currency=self.currency,
            number=own,
            ordered_on=self.ordered_on,
        )


class DeliveredLineBody(Body):
    """Delivered quantity of a line of the order."""

    line: Annotated[Count, Field(ge=1, le=MAX_LINES)] = Field(description="Line of the order, from 1.")
    quantity: DecimalText = Field(examples=["2"])

    def to_quantity(self) -> QuantityDelivered:
        """Return the quantity as the rules take it."""
        return QuantityDelivered(self.line, self.quantity)


class OrderDeliveryBody(Body):
    """A delivery, or a service performed."""

    note_number: DeliveryNote = Field(description="Number of the delivery note.")
    delivered_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    lines: Annotated[list[DeliveredLineBody], Field(min_length=1, max_length=MAX_LINES)] | None = Field(
        default=None, description="All that is left of the order if not given."
    )
    delivered_to: AddressBody | None = Field(default=None, description="The order's address if not given.")

    def to_command(self, order_id: str) -> DeliverOrder:
        """Return the command."""
        return DeliverOrder(
            order_id=order_id,
            note_number=self.note_number,
            lines=None if self.lines is None else tuple(line.to_quantity() for line in self.lines),
            delivered_on=self.delivered_on,
            delivered_to=self.delivered_to.to_contract() if self.delivered_to else None,
        )


class DeliveryCancellation(Body):
    """Reason why a delivery does not count."""

    reason: ShortText = Field(examples=["Recorded twice"])

    def to_command(self, order_id: str, delivery_id: str) -> CancelDelivery:
        """Return the command."""
        return CancelDelivery(order_id, delivery_id, self.reason)


class CloseOrderBody(Body):
    """Reason why no more is delivered."""

    reason: ShortText | None = Field(default=None, examples=["The customer cancelled the rest"])

    def to_command(self, order_id: str) -> CloseOrder:
        """Return the command."""
        return CloseOrder(order_id, self.reason)


class GroupBody(Body):
    """Deliveries to bill by one invoice: those to a customer, of a period, that no invoice has."""

    entity_id: EntityId
    customer_id: CustomerId
    from_: BusinessDate = Field(alias="from", description="First day of the period.")
    to: BusinessDate = Field(description="Last day of the period.")
    delivered_to: AddressBody | None = Field(default=None, description="Deliveries to this address only.")
    order_ids: Annotated[list[OrderId], Field(min_length=1, max_length=MAX_ORDERS)] | None = Field(
        default=None, description="Deliveries of these orders only."
    )
    currency: Currency | None = Field(default=None, description="The entity's currency if not given.")
    series: SeriesCode = "FAC"
    deposits: Deposits = Field(default_factory=list, description="Deposit invoices that the invoice deducts.")
    issue: bool = Field(default=False, description="Issue the invoice at once.", strict=True)
    issued_on: BusinessDate | None = Field(default=None, description="Day of issue; today if not given.")

    def to_command(self, invoice_id: str) -> GroupDeliveries:
        """Return the command. Raises :class:`Invalid` for a period that ends before it begins."""
        if self.to < self.from_:
            raise Invalid(f"The period ends before it begins, on {self.from_}.", "/to")
        return GroupDeliveries(
            invoice_id=invoice_id,
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            from_on=self.from_,
            to_on=self.to,
            series=self.series,
            delivered_to=self.delivered_to.to_contract() if self.delivered_to else None,
            order_ids=self.order_ids,
            currency=self.currency,
            issue=self.issue,
            issued_on=self.issued_on,
            deposits=tuple(self.deposits),
        )
