"""Queries of the timelines: of a customer, an invoice, an entity, and of what is about all entities."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, cast

from encours.reading.merges import records_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page

EntryPosition = Mapping[str, int | None]
"""``position`` of an event, and ``because_position``: that of its cause, if the ledger has it."""
EntriesQuery = Callable[["View", str, "Page"], Awaitable[list[EntryPosition]]]
"""Query for a page of the positions of the events about a subject."""
ALL_ENTITIES = ""
"""Entity of the events that are about the ledger as a whole."""


async def entity_of(view: View, stream: str) -> str | None:
    """Return the entity of a customer, an invoice, an order or an entity; None if the caller sees none."""
    where = ViewWhere(view, entity="entity").equal("stream", stream)
    found: str | None = await view.conn.fetchval(
        f"select entity from {view.schema}.entry where {where.sql} limit 1", *where.arguments
    )
    return found


async def customer_entries(view: View, customer_id: str, page: Page) -> list[EntryPosition]:
    """Return positions of the events that count by the question's day and were known then, in the page's order.

    Of a debtor with several merged records they are those of all. A message to a payer is also on the timelines of the
    customers whose invoices it lists, and a proposal for a bank line on those of the customers who may have paid it.
    """
    where, entry = ViewWhere(view, entity="entity"), f"{view.schema}.entry"
    named = f"customer_id = any({where.arguments.add(await records_of(view, customer_id))}::text[])"
    own = f"{named} and since_position <= {where.position}"
    # Of a message that is about several records of the debtor each event is listed once.
    tables = ("owner", "later_owner", "also_about")
    about = " union ".join(f"select stream from {view.schema}.{table} where {own}" for table in tables)
    mentions = f"""select position from {view.schema}.customer_mention where {named}
        union select m.position from {view.schema}.owner o join {view.schema}.order_mention m on m.order_id = o.stream
              where {own}"""
    source = f"""(select e.* from ({about}) o join {entry} e using (stream) where e.about_customer
         union all select e.* from ({mentions}) m join {entry} e using (position)) e"""
    return await _positions(where, page, source)


async def order_entries(view: View, order_id: str, page: Page) -> list[EntryPosition]:
    """Return positions of the events of the order, of its reservations, and of all that name it."""
    where = ViewWhere(view, entity="entity")
    order, entry = where.arguments.add(order_id), f"{view.schema}.entry"
    source = f"""(select * from {entry} where stream = {order}
         union all select e.* from {view.schema}.order_stream s join {entry} e using (stream)
                   where s.order_id = {order}
         union all select e.* from {view.schema}.order_mention m join {entry} e using (position)
                   where m.order_id = {order}) e"""
    return await _positions(where, page, source)


async def invoice_entries(view: View, invoice_id: str, page: Page) -> list[EntryPosition]:
    """Return positions of the events of the invoice and of all that name it, as :func:`customer_entries`."""
    where = ViewWhere(view, entity="entity")
    invoice, entry = where.arguments.add(invoice_id), f"{view.schema}.entry"
    source = f"""(select * from {entry} where stream = {invoice}
         union select e.* from {view.schema}.invoice_stream s join {entry} e using (stream)
               where s.invoice_id = {invoice}
         union select e.* from {view.schema}.invoice_mention m join {entry} e using (position)
               where m.invoice_id = {invoice}) e"""
    return await _positions(where, page, source)


async def entity_entries(view: View, entity_id: str, page: Page) -> list[EntryPosition]:
    """Return positions of the events of an entity, or of :data:`ALL_ENTITIES`, that are about no customer."""
    where = ViewWhere(view, entity="entity").equal("entity", entity_id).add("not about_customer")
    return await _positions(where, page, f"{view.schema}.entry")


async def _positions(where: ViewWhere, page: Page, source: str) -> list[EntryPosition]:
    where.add(f"position <= {where.position}").add(f"effective_on <= {where.as_of}")
    return cast("list[EntryPosition]", await where.page(page, "position, because_position", source))
