"""Queries of a customer's timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page
    from reporting_svc.read_models.scope import Moment


async def entries(view: View, customer_id: str, moment: Moment, page: Page) -> list[Mapping[str, int]]:
    """Return positions of the events that count by the moment's day and were known then, in the page's order."""
    where = ViewWhere(view, entity="e.entity").equal("o.customer_id", customer_id)
    if moment.known_to is not None:
        where.add("o.since_position <= {}::bigint", moment.known_to)
    where.add(moment.sql(where.arguments, "e"))
    source = f"{view.schema}.owner o join {view.schema}.entry e using (stream)"
    return cast("list[Mapping[str, int]]", await where.page(page, "position", source))


async def exists(conn: Conn, schema: str, customer_id: str, entities: tuple[str, ...] | None) -> bool:
    """Return if the customer exists and the caller may see one of its entities."""
    found: bool = await conn.fetchval(
        f"""
        select exists (
            select from {schema}.owner o join {schema}.entry e using (stream)
            where o.customer_id = $1 and ($2::text[] is null or e.entity = any($2))
        )
        """,
        customer_id,
        None if entities is None else list(entities),
    )
    return found
