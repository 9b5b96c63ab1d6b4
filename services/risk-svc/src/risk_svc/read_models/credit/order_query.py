"""Queries of orders on credit: lists, those whose last day has passed, those that wait for money."""

from __future__ import annotations

from datetime import date
from typing import Any

from encours.projection.read_model import Conn
from encours.projection.rows import table_of
from encours.reading.merges import records_of, survivors
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere
from risk_svc.read_models.credit.query import pictures
from risk_svc.read_models.credit.rows import ReservationRow

# The rows of now are those of most questions; the few orders that have changed since are found by an index.
_SEEN = """(
    select {columns} from {s}.reservation where changed_position <= {position} and changed_on <= {as_of}
    union all
    select {columns} from (
        select distinct on (reservation_id) {columns} from {s}.order_state
        where changed_position <= {position} and changed_on <= {as_of} and reservation_id in (
            select reservation_id from {s}.reservation
            where changed_position > {position} or changed_on > {as_of}
        )
        order by reservation_id, changed_position desc
    ) before
) seen"""


async def reservations(
    view: View, page: Page, *, customer_id: str | None, status: str | None, order_ref: str | None = None
) -> list[Any]:
    """Return one page of orders on credit as they were at the dates of the view."""
    where = ViewWhere(view).equal("status", status).equal("order_ref", order_ref)
    where.one_of("customer_id", await records_of(view, customer_id))
    columns = table_of(ReservationRow).plain
    seen = _SEEN.format(s=view.schema, columns=columns, position=where.position, as_of=where.as_of)
    return await where.page(page, "*", seen)


async def ordering_entities(conn: Conn, schema: str) -> list[str]:
    """Return the entities that have reservations or blocked orders."""
    rows = await conn.fetch(
        f"select distinct entity_id from {schema}.reservation where status in ('reserved', 'blocked')"
    )
    return sorted(row["entity_id"] for row in rows)


async def expiring(conn: Conn, schema: str, day: date) -> list[tuple[str, str]]:
    """Return ids and entities of reservations and blocked orders whose last day is before the day."""
    rows = await conn.fetch(
        f"""select reservation_id, entity_id from {schema}.reservation
            where status in ('reserved', 'blocked')
              and (expires_on < $1 or (status = 'blocked' and waits_until < $1)) order by reservation_id""",
        day,
    )
    return [(row["reservation_id"], row["entity_id"]) for row in rows]


async def to_follow(conn: Conn, schema: str) -> list[tuple[str, str, int]]:
    """Return ids, entities and versions of orders whose reservations do not follow them yet.

    Those of the entities whose policy asks for reservations now; orders of before that are among them.
    """
    rows = await conn.fetch(
        f"""select order_id, entity_id, version from {schema}.followed_order
            where version > followed_version
              and entity_id in (select entity_id from {schema}.order_policy where need_reservation)
            order by order_id"""
    )
    return [(row["order_id"], row["entity_id"], row["version"]) for row in rows]


_CHANGED = """
select customer_id from {s}.movement where position > $1 and position <= $2
union select customer_id from {s}.limit_request where decided_position > $1 and decided_position <= $2
union select customer_id from {s}.credit_hold where released_position > $1 and released_position <= $2
union select customer_id from {s}.guarantee where taken_position > $1 and taken_position <= $2
union select customer_id from {s}.account_state where position > $1 and position <= $2
union select customer_id from {s}.insurance_event where position > $1 and position <= $2 and customer_id is not null
union select r.customer_id from {s}.reservation r join {s}.account_checklist l using (entity_id)
      where r.status = 'blocked' and l.position > $1 and l.position <= $2
union select customer_id from {s}.roles where position > $1 and position <= $2
union select r.customer_id from {s}.reservation r join {s}.rate x on x.entity = r.entity_id
      where r.status = 'blocked' and x.position > $1 and x.position <= $2
"""


async def blocked_since(
    conn: Conn, schema: str, since: int, *, day: date, position: int
) -> list[tuple[str, str]]:
    """Return ids and entities of blocked orders, the oldest first, whose figures have changed after a position.

    Those are orders of which a customer that shares the limit, or the one whose limit it is, has a movement, a limit
    that was decided, a hold that was released, a guarantee that was taken, an event of its credit insurance, of its
    account or of its roles; those of an entity with a new checklist or exchange rate; all of them after position 0.
    """
    blocked = await conn.fetch(
        f"""select reservation_id, entity_id, customer_id from {schema}.reservation
            where status = 'blocked' order by decided_position"""
    )
    if blocked and since:
        merged = await survivors(conn, schema, day, position)
        rows = await conn.fetch(_CHANGED.format(s=schema), since, position)
        changed = {merged.of(row["customer_id"]) for row in rows}
        ordering = sorted({row["customer_id"] for row in blocked})
        found = await pictures(conn, schema, ordering, as_of=day, position=position) if changed else {}
        freed = {
            customer
            for customer, picture in found.items()
            if not changed.isdisjoint(
                (picture.limit_holder_id, *(member.customer_id for member in picture.members))
            )
        }
        blocked = [row for row in blocked if row["customer_id"] in freed]
    return [(row["reservation_id"], row["entity_id"]) for row in blocked]
