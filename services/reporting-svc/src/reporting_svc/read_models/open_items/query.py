"""All open items of a scope, a few thousand at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg

from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.named import named_sql, shares_sql
from reporting_svc.read_models.receivables.parts import parts_at
from reporting_svc.read_models.receivables.query import is_now
from reporting_svc.read_models.receivables.rows import INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope

if TYPE_CHECKING:
    from encours.reading.moment import View

PAGE = 2_000


async def open_items(view: View, scope: Scope) -> AsyncIterator[list[asyncpg.Record]]:
    """Iterate over open invoices and instalments by due date and number, by a cursor of the view's transaction."""
    args = Arguments()
    now = await is_now(view)
    cursor = await view.conn.cursor(
        f"""
        select {INVOICE_ID.sql("p.invoice_id")} as invoice_id, i.number, p.entity, p.customer_id, p.currency,
               p.issued_on, p.due_on, p.instalment, i.total_minor, p.open_minor, p.disputed_minor, p.conceded_minor,
               p.planned_minor, {shares_sql("p", "n")}, i.salesperson, i.is_penalty
        from ({await parts_at(args, view, scope, now=now)}) p join {view.schema}.item i using (invoice_id)
        left join ({await named_sql(args, view, scope, now=now)}) n using (invoice_id)
        where p.open_minor <> 0 order by p.due_on, i.number, p.instalment, p.invoice_id
        """,
        *args,
    )
    while rows := await cursor.fetch(PAGE):
        yield rows
