"""Queries of the timelines of customers and of entities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from encours.reading.merges import records_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page


async def entries(view: View, customer_id: str, page: Page) -> list[Mapping[str, int]]:
    """Return positions of the events that count by the question's day and were known then, in the page's order.

    Of a debtor with several merged records they are those of all. A message to a payer is also on the timelines of the
    customers whose invoices it lists.
    """
    where = ViewWhere(view, entity="e.entity")
    where.add(f"e.position <= {where.position}").add(f"e.effective_on <= {where.as_of}")
    own = f"customer_id = any({where.arguments.add(await records_of(view, customer_id))}::text[])"
    own += f" and since_position <= {where.position}"
    # Of a message that is about several records of the debtor each event is listed once.
    about = f"""(select stream from {view.schema}.owner where {own}
                 union select stream from {view.schema}.also_about where {own})"""
    source = f"{about} o join {view.schema}.entry e using (stream)"
    return cast("list[Mapping[str, int]]", await where.page(page, "position", source))


async def exists(view: View, customer_id: str) -> bool:
    """Return true if the customer exists and the caller may see one of its entities."""
    where = ViewWhere(view, entity="e.entity").equal("o.customer_id", customer_id)
    source = f"{view.schema}.owner o join {view.schema}.entry e using (stream)"
    found: bool = await view.conn.fetchval(
        f"select exists (select from {source} where {where.sql})", *where.arguments
    )
    return found


async def entity_entries(view: View, entity_id: str, page: Page) -> list[Mapping[str, int]]:
    """Return positions of the events of an entity that are about no customer, as :func:`entries`."""
    where = ViewWhere(view, entity="entity").equal("entity", entity_id)
    where.add(f"position <= {where.position}").add(f"effective_on <= {where.as_of}")
    return cast("list[Mapping[str, int]]", await where.page(page, "position", f"{view.schema}.entity_entry"))


async def entity_exists(view: View, entity_id: str) -> bool:
    """Return true if the entity exists and the caller may see it."""
    where = ViewWhere(view, entity="entity").equal("entity", entity_id)
    found: bool = await view.conn.fetchval(
        f"select exists (select from {view.schema}.entity_entry where {where.sql})", *where.arguments
    )
    return found
