"""Queries of the list of entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page


async def entities(view: View, page: Page) -> list[Any]:
    """Rows of a page of entities."""
    where = ViewWhere(view)
    where.add(f"from_position <= {where.position}")
    return await where.page(page, "entity_id", f"{view.schema}.entity")


async def entities_seen(view: View) -> list[str]:
    """Ids of the entities that the caller may see."""
    where = ViewWhere(view)
    rows = await view.conn.fetch(
        f"select entity_id from {view.schema}.entity where {where.sql}", *where.arguments
    )
    return [row["entity_id"] for row in rows]


async def all_entities(conn: Conn, schema: str) -> set[str]:
    """Return every entity of the ledger."""
    return {row["entity_id"] for row in await conn.fetch(f"select entity_id from {schema}.entity")}


async def only_entity(conn: Conn, schema: str) -> str | None:
    """Return the ledger's only entity; None when there are several, or none yet."""
    rows = await conn.fetch(f"select entity_id from {schema}.entity limit 2")
    return rows[0]["entity_id"] if len(rows) == 1 else None
