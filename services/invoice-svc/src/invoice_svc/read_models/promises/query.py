"""Queries on promises: those that a statement shows, and until when an invoice is promised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View

_ENDED = "('withdrawn', 'replaced', 'not_owed')"
PROMISED_UNTIL = f"""(
    select max(p.suspended_until) from {{schema}}.promise_invoice pi join {{schema}}.promise p using (promise_id)
    where pi.invoice_id = {{invoice_id}}{{known}} and not exists (
        select from {{schema}}.promise_status s
        where s.promise_id = p.promise_id and s.status in {_ENDED}{{ended}}))"""
"""Last day of grace of the promises for an invoice that were not ended, as SQL."""
KNOWN = " and p.from_position <= {position} and p.made_on <= {as_of}"
KNOWN_END = " and s.position <= {position} and s.effective_on <= {as_of}"
_SHOWN = """
    select * from (
        select p.*, s.status, s.received_minor, s.effective_on
        from {schema}.promise p cross join lateral (
            select status, received_minor, effective_on from {schema}.promise_status s
            where s.promise_id = p.promise_id and s.position <= {position} and s.effective_on <= {as_of}
            order by s.position desc limit 1
        ) s where {where}
    ) shown where status = 'open' or effective_on >= {first}::date order by promised_on, promise_id
"""


async def promises_shown(view: View, customers: Sequence[str], first: date) -> list[Any]:
    """Return promises of customers that are open at the view's date or have ended since ``first``, by their day."""
    where = ViewWhere(view, entity="p.entity_id").among("p.customer_id", customers)
    sql = _SHOWN.format(
        schema=view.schema,
        where=where.sql,
        position=where.position,
        as_of=where.as_of,
        first=where.arguments.add(first),
    )
    return list(await view.conn.fetch(sql, *where.arguments))


async def ever_promised(view: View, invoice_ids: Sequence[str]) -> bool:
    """Return whether any promise is known for any of the invoices, at any date."""
    found: bool = await view.conn.fetchval(
        f"select exists (select from {view.schema}.promise_invoice where invoice_id = any($1))", invoice_ids
    )
    return found


async def promised_until(view: View, invoice_ids: Sequence[str]) -> dict[str, date]:
    """Return the last day of grace of each invoice with a promise that has not ended, at the view's dates."""
    where = ViewWhere(view, entity=None)
    ids = where.arguments.add(list(invoice_ids))
    until = PROMISED_UNTIL.format(
        schema=view.schema,
        invoice_id="i.invoice_id",
        known=KNOWN.format(position=where.position, as_of=where.as_of),
        ended=KNOWN_END.format(position=where.position, as_of=where.as_of),
    )
    rows = await view.conn.fetch(
        f"select invoice_id, {until} as until from unnest({ids}::text[]) i(invoice_id)", *where.arguments
    )
    return {row["invoice_id"]: row["until"] for row in rows if row["until"] is not None}
