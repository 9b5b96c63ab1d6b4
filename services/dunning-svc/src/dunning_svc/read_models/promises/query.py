"""Lists of promises, at any date and position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dunning_svc.domain.promise.state import PromiseStatus
from encours.reading.merges import records_of
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere

_PROMISE = """(
  select promise_id, customer_id, entity_id, currency, amount_minor, invoice_ids, promised_on, suspended_until, source,
         reply_id, text, position, made_on, split_part(last, ' ', 1) as status,
         nullif(split_part(last, ' ', 3), '')::date as ended_on,
         nullif(nullif(split_part(last, ' ', 4), '-'), '')::bigint as received_minor,
         nullif(nullif(split_part(last, ' ', 5), '-'), '') as replaced_by
    from (select p.*, coalesce((
                   select entry from unnest(p.outcomes) with ordinality o(entry, n)
                    where split_part(entry, ' ', 2)::bigint <= {position} and split_part(entry, ' ', 3)::date <= {as_of}
                    order by n desc limit 1), 'open') as last
            from {schema}.promise p where position <= {position} and made_on <= {as_of}) p) p"""


def _source(view: View, where: ViewWhere) -> str:
    return _PROMISE.format(schema=view.schema, position=where.position, as_of=where.as_of)


async def promises(
    view: View,
    page: Page,
    *,
    customer_id: str | None,
    invoice_id: str | None,
    status: PromiseStatus | None,
) -> list[Any]:
    """Return a page of promises at the dates of the view."""
    where = ViewWhere(view)
    source = _source(view, where)
    where.one_of("customer_id", await records_of(view, customer_id)).equal("status", status)
    if invoice_id is not None:
        where.add("invoice_ids @> array[{}::text]", invoice_id)
    return await where.page(page, "*", source)


async def broken_promises(view: View, customer_ids: Sequence[str]) -> dict[str, int]:
    """Return the number of promises by customer that were not kept in full, at the dates of the view."""
    where = ViewWhere(view)
    source = _source(view, where)
    where.one_of("customer_id", list(customer_ids)).one_of("status", ["broken", "partly_kept"])
    rows = await view.conn.fetch(
        f"select customer_id, count(*) from {source} where {where.sql} group by customer_id", *where.arguments
    )
    return {row[0]: row[1] for row in rows}
