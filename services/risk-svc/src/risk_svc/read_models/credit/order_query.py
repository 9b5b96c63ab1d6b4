"""Queries of orders on credit: lists, those whose last day has passed, those that wait for money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from encours.projection.read_model import Conn
from encours.reading.merges import records_of
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere
from risk_svc.read_models.credit.query import pictures


async def reservations(view: View, page: Page, *, customer_id: str | None, status: str | None) -> list[Any]:
    """Return one page of orders on credit as they are at the position of the read model."""
    where = ViewWhere(view).equal("status", status)
    where.one_of("customer_id", await records_of(view, customer_id))
    return await where.page(page, "*", f"{view.schema}.reservation")


async def expiring(conn: Conn, schema: str, day: date) -> list[tuple[str, str]]:
    """Return ids and entities of reservations and blocked orders whose last day is before the day."""
    rows = await conn.fetch(
        f"""select reservation_id, entity_id from {schema}.reservation
            where status in ('reserved', 'blocked') and expires_on < $1 order by reservation_id""",
        day,
    )
    return [(row["reservation_id"], row["entity_id"]) for row in rows]


async def blocked_of(
    conn: Conn, schema: str, customers: Sequence[str], *, day: date, position: int
) -> list[tuple[str, str]]:
    """Return ids and entities of the blocked orders for which the limits of the customers hold, the oldest first."""
    if not await conn.fetchval(f"select exists (select from {schema}.reservation where status = 'blocked')"):
        return []
    found = await pictures(conn, schema, customers, as_of=day, position=position)
    members = {member.customer_id for picture in found.values() for member in picture.members}
    rows = await conn.fetch(
        f"""select reservation_id, entity_id from {schema}.reservation
            where status = 'blocked' and customer_id = any($1) order by decided_position""",
        sorted({*members, *customers}),
    )
    return [(row["reservation_id"], row["entity_id"]) for row in rows]
