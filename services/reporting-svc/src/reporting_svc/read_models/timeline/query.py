"""A page of a customer's timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from reporting_svc.read_models.scope import Args, Moment

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.pages import Page


async def entries(
    conn: Conn, schema: str, customer_id: str, entities: tuple[str, ...] | None, moment: Moment, page: Page
) -> list[Mapping[str, int]]:
    """Positions of the events that count by the moment's day and were known then, in the page's order."""
    args = Args()
    owned = f"o.customer_id = {args.add(customer_id)}"
    if moment.known_to is not None:
        owned += f" and o.since_position <= {args.add(moment.known_to)}::bigint"
    granted = "true" if entities is None else f"e.entity = any({args.add(list(entities))}::text[])"
    known = moment.sql(args, "e")
    behind, values = page.after(len(args) + 1)
    args.extend(values)
    rows = await conn.fetch(
        f"""
        select * from (
            select e.position from {schema}.owner o join {schema}.entry e using (stream)
            where {owned} and {granted} and {known}
        ) known where {behind} {page.order_by()} limit {page.fetch}
        """,
        *args,
    )
    return cast("list[Mapping[str, int]]", rows)


async def exists(conn: Conn, schema: str, customer_id: str, entities: tuple[str, ...] | None) -> bool:
    """Whether the customer is known and the caller may know it."""
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
