"""Routes of /v1/orders and /v1/deliveries, and of grouped invoices."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as QueryParam
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import BusinessDate
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from invoice_svc.domain.order.state import OrderStatus
from invoice_svc.http.common import CustomerId, DeliveryId, EntityId, OrderId
from invoice_svc.http.history import HistoryOut, TextLanguage, show_history
from invoice_svc.http.invoices.answers import INVOICE_ANSWER, InvoiceOut
from invoice_svc.http.orders.answers import (
    ORDER_ANSWER,
    DeliveryListing,
    ListedDeliveryOut,
    OrderListing,
    OrderOut,
)
from invoice_svc.http.orders.bodies import (
    CloseOrderBody,
    DeliveryCancellation,
    GroupBody,
    OrderBody,
    OrderDeliveryBody,
)
from invoice_svc.http.reads import fold_page, show, show_page
from invoice_svc.read_models.holds.query import NamedDeposits, UnreleasedHolds
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.orders import query
from invoice_svc.read_models.orders.to_bill import DeliveredOrders
from invoice_svc.use_cases.folds import ORDER
from invoice_svc.use_cases.sales import orders

router = Router(tags=["Orders"])
PAGE = paging("id", "ordered_on", default="id", key="order_id", columns={"id": "order_id"})
DELIVERY_PAGE = paging("id", "delivered_on", default="id", key="delivery_id", columns={"id": "delivery_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/orders", response_model=OrderOut, status_code=201)
async def place_order(body: OrderBody, cmd: Writing) -> Response:
    """Record an order. Your own number of it is unique per entity.

    An order beyond the customer's limit is recorded too. Where the credit policy of the entity asks for it
    (`orders.need_reservation` in risk-svc), it is decided within about a second, and reserved or blocked:
    `GET /v1/reservations?order_ref=` of risk-svc with the order's id tells which. No delivery of a blocked order is
    accepted.
    """
    return await cmd.run(orders.place, body.to_command(), answer=ORDER_ANSWER, status=201, at="/v1/orders")


@router.get("/v1/orders", response_model=OrderListing)
async def list_orders(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: CustomerId | None = None,
    entity_id: EntityId | None = None,
    status: OrderStatus | None = None,
    number: Annotated[
        str | None, QueryParam(max_length=200, description="Prefix of your number or the customer's.")
    ] = None,
) -> Response:
    """List orders as of a date."""
    wanted = query.OrderFilter(customer_id, entity_id, status, number)
    async with q.view(NAME) as view:
        rows = await query.orders(view, page, wanted)
    return await show_page(q, view, page, rows, "order_id", ORDER_ANSWER)


@router.get("/v1/orders/{order_id}", response_model=OrderOut)
async def get_order(order_id: OrderId, q: Reading) -> Response:
    """Get an order with its deliveries as of a date."""
    return await show(q, ORDER_ANSWER, order_id)


@router.get("/v1/orders/{order_id}/history", response_model=HistoryOut)
async def get_order_history(order_id: OrderId, q: Reading, lang: TextLanguage = "en") -> Response:
    """List the events of the order that are effective as of the date, in the order of recording, each in words."""
    return await show_history(q, ORDER_ANSWER, order_id, lang)


@router.post("/v1/orders/{order_id}/deliveries", response_model=OrderOut, status_code=201)
async def deliver_order(order_id: OrderId, body: OrderDeliveryBody, cmd: Writing) -> Response:
    """Record a delivery of lines of the order, at most what is left of each.

    Where the credit policy of the entity asks for it (`orders.need_reservation` in risk-svc), a reservation of the
    order has to cover the delivery with its VAT (`order-not-cleared`), deposit invoices with the order's number as
    reference have to be paid up to its `deposit` (`deposit-outstanding`), and no hold may be in force on the customer
    (`delivery-on-hold`).
    """
    holds, deposits = UnreleasedHolds(cmd.services.db, cmd.ledger), NamedDeposits(cmd.services.db, cmd.ledger)
    wanted = body.to_command(order_id)
    return await cmd.run(
        orders.deliver, wanted, holds, deposits, answer=ORDER_ANSWER, on=order_id, status=201
    )


@router.post("/v1/orders/{order_id}/deliveries/{delivery_id}/cancel", response_model=OrderOut)
async def cancel_delivery(
    order_id: OrderId, delivery_id: DeliveryId, body: DeliveryCancellation, cmd: Writing
) -> Response:
    """Cancel a delivery that was recorded by mistake and that no invoice has."""
    wanted = body.to_command(order_id, delivery_id)
    return await cmd.run(orders.cancel_delivery, wanted, answer=ORDER_ANSWER, on=order_id)


@router.post("/v1/orders/{order_id}/close", response_model=OrderOut)
async def close_order(order_id: OrderId, cmd: Writing, body: CloseOrderBody | None = None) -> Response:
    """End the order: no more is delivered."""
    wanted = (body or CloseOrderBody()).to_command(order_id)
    return await cmd.run(orders.close, wanted, answer=ORDER_ANSWER, on=order_id)


@router.get("/v1/deliveries", response_model=DeliveryListing)
async def list_deliveries(
    q: Reading,
    page: Annotated[Page, DELIVERY_PAGE],
    customer_id: CustomerId | None = None,
    entity_id: EntityId | None = None,
    order_id: OrderId | None = None,
    billing: query.Billing | None = None,
    billed: Annotated[
        bool | None, QueryParam(description="False: on no issued invoice, also if on a draft.")
    ] = None,
    delivered_from: BusinessDate | None = None,
    delivered_to: BusinessDate | None = None,
) -> Response:
    """List deliveries with their billing as of a date: `billed=false` are those delivered and not invoiced."""
    wanted = query.DeliveryFilter(
        customer_id, entity_id, order_id, billing, billed, delivered_from, delivered_to
    )
    async with q.view(NAME) as view:
        rows = await query.deliveries(view, page, wanted)
    found = await fold_page(q, view, rows, "order_id", ORDER)
    body = page.body(rows, lambda row: ListedDeliveryOut.of_row(row, found[row["order_id"]].state))
    return q.respond(body | view.time.echo())


@router.post("/v1/invoices:group", response_model=InvoiceOut, status_code=201)
async def group_deliveries(body: GroupBody, cmd: Writing) -> Response:
    """Make one invoice for what was delivered to a customer in a period and no invoice has, citing orders and notes.

    A delivery is billed once. If the draft is cancelled, or the invoice credited as a whole, it waits for another one.
    """
    to_bill = DeliveredOrders(cmd.services.db, cmd.ledger)
    wanted = body.to_command(new_id("inv"))
    return await cmd.run(orders.group, wanted, to_bill, answer=INVOICE_ANSWER, status=201, at="/v1/invoices")
