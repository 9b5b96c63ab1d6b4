"""Title procedures: fold, and queries of the run of a day and of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from dunning_svc.domain.title.commands import InvoiceStanding
from dunning_svc.read_models.cases.rows.access import Rows, existing, select, with_position
from dunning_svc.read_models.cases.rows.legal import TitleRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts import Recorded
from encours.contracts.events.dunning.titles import TitleEnded, TitleRequested
from encours.projection.read_model import Conn
from encours.reading.merges import records_of
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere


def title_changed(e: Recorded, data: TitleRequested | TitleEnded, rows: Rows) -> None:
    """Store a procedure or its end; while it runs its invoices rest, where its rules say so."""
    if isinstance(data, TitleRequested):
        ids = [each.invoice_id for each in data.invoices]
        rows.put(
            TitleRow(
                title_id=data.title_id,
                customer_id=data.customer_id,
                entity_id=e.entity,
                position=e.position,
                requested_on=data.requested_on,
                invoice_ids=ids,
            )
        )
        title_id = data.title_id if data.rules.silent else None
    else:
        ids, title_id = list(data.invoice_ids), None
        rows.put(replace(existing(rows, TitleRow, data.title_id), ended=True))
    for invoice_id in ids:
        item = rows.get(ItemRow, invoice_id)
        if item is not None:
            rows.put(replace(item, title_id=title_id, events=with_position(item.events, e.position)))


async def running_titles(conn: Conn, schema: str) -> Sequence[TitleRow]:
    """Return the procedures that have not ended."""
    return await select(conn, schema, TitleRow, "where not ended order by title_id")


async def standing_of(conn: Conn, schema: str, rows: Sequence[TitleRow]) -> Mapping[str, InvoiceStanding]:
    """Return the standing of the invoices of procedures."""
    found = await conn.fetch(
        f"""select invoice_id, case when open_minor > 0 then 'open' when paid_on is null then 'given_up' else 'paid' end
              from {schema}.item where invoice_id = any($1)""",
        [each for row in rows for each in row.invoice_ids],
    )
    return {row[0]: row[1] for row in found}


async def titles(view: View, page: Page, *, customer_id: str | None) -> list[Any]:
    """Return a page of procedures that were requested at the dates of the view."""
    where = ViewWhere(view)
    where.one_of("customer_id", await records_of(view, customer_id))
    known = f"position <= {where.position} and requested_on <= {where.as_of}"
    source = f"(select * from {view.schema}.title where {known}) t"
    return await where.page(page, "*", source)
