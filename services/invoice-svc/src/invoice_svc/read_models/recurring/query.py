"""Queries of the list of recurring invoices."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from encours.reading.merges import records_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page


async def recurring(view: View, page: Page, *, entity_id: str | None, customer_id: str | None) -> list[Any]:
    """Rows of a page of recurring invoices."""
    where = ViewWhere(view).equal("entity_id", entity_id)
    where.one_of("customer_id", await records_of(view, customer_id))
    where.add(f"from_position <= {where.position} and agreed_on <= {where.as_of}")
    return await where.page(page, "recurring_id", f"{view.schema}.recurring")


async def due_recurring(conn: Conn, schema: str, until: date) -> list[tuple[str, str]]:
    """Ids of recurring invoices with a period up to a day, and their entities; the earliest period first."""
    rows = await conn.fetch(
        f"""select recurring_id, entity_id from {schema}.recurring where next_on <= $1
            order by next_on, recurring_id""",
        until,
    )
    return [(row["recurring_id"], row["entity_id"]) for row in rows]
