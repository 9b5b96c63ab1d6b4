"""Queries of the lists of orders and deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from encours.contracts.parties import Survivors
from encours.reading.merges import merges, records_of
from encours.reading.where import ViewWhere
from invoice_svc.domain.order.state import OrderStatus

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page

Billing = Literal["open", "drafted", "invoiced"]

DELIVERIES = """
    select d.delivery_id, d.order_id, d.entity_id, d.customer_id, d.delivered_on, d.currency, d.net_minor,
        d.from_position, b.billed_position, b.invoice_id,
        case when b.invoice_id is null then 'open' when b.issued then 'invoiced' else 'drafted' end as billing
    from {schema}.delivery d
    left join lateral (
        select b.invoice_id, b.billed_position,
            coalesce(b.issued_position <= {position} and b.issued_on <= {as_of}, false) as issued
        from {schema}.delivery_billing b
        where b.delivery_id = d.delivery_id and b.billed_position <= {position} and b.billed_on <= {as_of}
            and not coalesce(b.freed_position <= {position} and b.freed_on <= {as_of}, false)
        order by b.billed_position desc limit 1
    ) b on true
    where d.from_position <= {position} and d.delivered_on <= {as_of}
        and not coalesce(d.cancelled_position <= {position} and d.cancelled_on <= {as_of}, false)
"""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Restrictions of a list of orders. ``number`` begins the creditor's number or the customer's."""

    customer_id: str | None = None
    entity_id: str | None = None
    status: OrderStatus | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Restrictions of a list of deliveries. ``billed`` is true of those on an issued invoice."""

    customer_id: str | None = None
    entity_id: str | None = None
    order_id: str | None = None
    billing: Billing | None = None
    billed: bool | None = None
    from_on: date | None = None
    to_on: date | None = None


async def orders(view: View, page: Page, wanted: OrderFilter) -> list[Any]:
    """Rows of a page of orders, open or closed on the day that is asked about."""
    where = ViewWhere(view).equal("entity_id", wanted.entity_id)
    where.one_of("customer_id", await records_of(view, wanted.customer_id))
    where.add(f"from_position <= {where.position} and ordered_on <= {where.as_of}")
    if wanted.status is not None:
        closed = f"coalesce(closed_position <= {where.position} and closed_on <= {where.as_of}, false)"
        where.add(closed if wanted.status == "closed" else f"not {closed}")
    if wanted.number is not None:
        key = wanted.number.lower()
        where.add(f"{where.beginning('number_key', key)} or {where.beginning('reference_key', key)}")
    return await where.page(page, "order_id, ordered_on", f"{view.schema}.customer_order")


async def deliveries(view: View, page: Page, wanted: DeliveryFilter) -> list[Any]:
    """Rows of a page of deliveries, with the invoice that has each on the day that is asked about."""
    where = ViewWhere(view).equal("entity_id", wanted.entity_id)
    where.one_of("customer_id", await records_of(view, wanted.customer_id))
    where.equal("order_id", wanted.order_id).equal("billing", wanted.billing)
    if wanted.billed is not None:
        where.add("billing = 'invoiced'" if wanted.billed else "billing <> 'invoiced'")
    if wanted.from_on is not None:
        where.add("delivered_on >= {}", wanted.from_on)
    if wanted.to_on is not None:
        where.add("delivered_on <= {}", wanted.to_on)
    source = DELIVERIES.format(schema=view.schema, position=where.position, as_of=where.as_of)
    columns = "delivery_id, order_id, delivered_on, invoice_id, billing"
    return await where.page(page, columns, f"({source}) listed")


async def orders_to_bill(
    conn: Conn, schema: str, *, entity_id: str, customer_id: str, from_on: date, to_on: date
) -> list[str]:
    """Ids of the customer's orders with deliveries of the period that no invoice has now, oldest delivery first."""
    rows = await conn.fetch(
        f"""select d.order_id from {schema}.delivery d
            where d.entity_id = $1 and d.customer_id = any($2::text[]) and d.delivered_on between $3 and $4
                and d.cancelled_position is null and not exists (
                    select from {schema}.delivery_billing b
                    where b.delivery_id = d.delivery_id and b.freed_position is null)
            group by d.order_id order by min(d.delivered_on), d.order_id""",
        entity_id,
        Survivors(await merges(conn, schema), date.max).records(customer_id),
        from_on,
        to_on,
    )
    return [row["order_id"] for row in rows]
