"""Answers of orders and deliveries."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, known_money_json, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.order.state import Delivered, Delivery, Order, OrderStatus, left_of
from invoice_svc.http.common import AddressOut, iso
from invoice_svc.http.documents import (
    DocumentAdjustmentOut,
    LineOut,
    ParticularsOut,
    VatOut,
    content_json,
)
from invoice_svc.http.terms import TermsOut
from invoice_svc.read_models.orders.query import Billing
from invoice_svc.use_cases.folds import ORDER


class DeliveredLineOut(BaseModel):
    """Delivered quantity of a line of the order."""

    line: int = Field(description="Line of the order, from 1.")
    quantity: str
    net: MoneyModel


class OrderDeliveryOut(BaseModel):
    """A delivery."""

    id: str
    note_number: str
    delivered_on: date
    delivered_to: AddressOut | None
    lines: list[DeliveredLineOut]
    net: MoneyModel
    invoice_id: str | None = Field(description="Invoice or draft that bills it.")
    cancelled: bool

    @classmethod
    def of(cls, delivery: Delivery, currency: str) -> Json:
        """Show a delivery."""
        return {
            "id": delivery.delivery_id,
            "note_number": delivery.note_number,
            "delivered_on": iso(delivery.delivered_on),
            "delivered_to": AddressOut.of(delivery.delivered_to),
            "lines": [
                {"line": part.line, "quantity": part.quantity, "net": money_json(part.net_minor, currency)}
                for part in delivery.lines
            ],
            "net": money_json(delivery.net_minor, currency),
            "invoice_id": delivery.invoice_id,
            "cancelled": delivery.cancelled,
        }


class OrderOut(AsOf, ParticularsOut):
    """An order as of a date, with its deliveries."""

    id: str
    number: str = Field(description="Reference of the order; not a legal number.")
    entity_id: str
    customer_id: str
    currency: str
    ordered_on: date
    quote_id: str | None
    deliver_to: AddressOut | None
    status: OrderStatus
    delivered: Delivered
    net: MoneyModel
    vat: MoneyModel
    total: MoneyModel
    deposit: MoneyModel | None = Field(
        description="Deposit that is asked for in advance, as agreed with the customer when the order was placed."
    )
    vat_breakdown: list[VatOut]
    lines: list[LineOut]
    allowances: list[DocumentAdjustmentOut]
    charges: list[DocumentAdjustmentOut]
    left: list[str] = Field(description="Quantity that is left to deliver, by line.")
    deliveries: list[OrderDeliveryOut]
    terms: TermsOut | None
    reference: str | None
    salesperson: str | None
    closed_on: date | None
    closing: str | None
    version: int

    @classmethod
    def of(cls, state: Order, version: int, as_of: date) -> Json:
        """Show an order."""
        currency, content = state.currency, state.content
        return {
            "id": state.order_id,
            "number": state.number,
            "entity_id": state.entity_id,
            "customer_id": state.customer_id,
            "currency": currency,
            "ordered_on": iso(state.ordered_on),
            "quote_id": state.quote_id,
            "deliver_to": AddressOut.of(state.deliver_to),
            "status": state.status,
            "delivered": state.delivered,
            "net": money_json(state.net_minor, currency),
            "vat": money_json(state.vat_minor, currency),
            "total": money_json(state.total_minor, currency),
            "deposit": known_money_json(state.deposit_minor, currency),
            **content_json(content, currency),
            "left": [f"{quantity:f}" for quantity in left_of(state)],
            "deliveries": [OrderDeliveryOut.of(each, currency) for each in state.deliveries],
            "closed_on": iso(state.closed_on),
            "closing": state.closing,
            "version": version,
        }


class OrderListing(AsOf, Listing[OrderOut]):
    """A page of orders."""


class ListedDeliveryOut(OrderDeliveryOut):
    """A delivery with its order, and its billing on the day that is asked about."""

    order_id: str
    order_number: str
    reference: str | None = Field(description="The customer's own number of the order.")
    entity_id: str
    customer_id: str
    billing: Billing = Field(
        description="`open`: on no invoice; `drafted`: on a draft; `invoiced`: on an issued one."
    )

    @classmethod
    def of_row(cls, row: Any, order: Order) -> Json:
        """Show a row of the list."""
        delivery = order.delivery(row["delivery_id"])
        assert delivery is not None
        return OrderDeliveryOut.of(delivery, order.currency) | {
            "order_id": order.order_id,
            "order_number": order.number,
            "reference": order.content.reference,
            "entity_id": order.entity_id,
            "customer_id": order.customer_id,
            "billing": row["billing"],
        }


class DeliveryListing(AsOf, Listing[ListedDeliveryOut]):
    """A page of deliveries."""


ORDER_ANSWER = Answer(ORDER, OrderOut.of)
