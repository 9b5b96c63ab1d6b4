"""List of invoices past their due date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from encours.reading.where import Arguments, ViewWhere
from reporting_svc.read_models.receivables.query import is_now, open_then
from reporting_svc.read_models.receivables.rows import INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from collections.abc import Mapping

    from encours.reading.moment import View
    from encours.reading.pages import Page

SORTS = {"due_on": "due_on", "open": "open_minor", "number": "number", "invoice_id": "invoice_id"}


@dataclass(frozen=True, slots=True)
class Overdue:
    """``open_minor`` and ``disputed_minor`` are sums over the list; ``past_due_minor`` also has items below zero."""

    rows: tuple[Mapping[str, Any], ...]
    invoices: int
    open_minor: int
    disputed_minor: int
    past_due_minor: int


async def overdue(view: View, scope: Scope, page: Page) -> Overdue:
    """Return one page and the sums of the whole list. One currency."""
    source = _now if await is_now(view) else _then
    shared = "greatest(0, least(open_minor, disputed_minor))"
    args = Arguments()
    sums = await view.conn.fetchrow(
        f"""
        select count(*) filter (where open_minor > 0) as invoices, coalesce(sum(open_minor), 0)::bigint as past_due,
               coalesce(sum(open_minor) filter (where open_minor > 0), 0)::bigint as open,
               coalesce(sum({shared}), 0)::bigint as disputed
        from ({source(args, view, scope)}) late
        """,
        *args,
    )
    assert sums is not None  # an aggregate without groups is one row
    where = ViewWhere(view, entity="entity").add("open_minor > 0")
    listed = f"""(
        select {INVOICE_ID.sql("i.invoice_id")} as invoice_id, i.entity, i.customer_id, i.currency, i.issued_on,
               i.due_on, late.open_minor, late.disputed_minor, i.number, i.total_minor, i.salesperson
        from ({source(where.arguments, view, scope)}) late join {view.schema}.item i using (invoice_id)
    ) listed"""
    rows = await view.conn.fetch(
        f"""
        select p.*, {shared} as contested_minor, c.name, c.external_ref
        from (select ordered.*, row_number() over () as place from ({where.page_sql(page, "*", listed)}) ordered) p
        left join {view.schema}.customer c using (customer_id) order by p.place
        """,
        *where.arguments,
    )
    return Overdue(
        rows=tuple(cast("list[Mapping[str, Any]]", rows)),
        invoices=sums["invoices"],
        open_minor=sums["open"],
        disputed_minor=sums["disputed"],
        past_due_minor=sums["past_due"],
    )


def _now(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: open items as they are now; right for a day after which nothing counts."""
    where = ScopeWhere(view, scope, "i", args).add("i.open_minor <> 0")
    where.add(f"i.due_on < {where.as_of}")
    return f"select i.invoice_id, i.open_minor, i.disputed_minor from {view.schema}.item i where {where.sql}"


def _then(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: items by what had counted by the day and was known at the moment."""
    return f"""
        select i.invoice_id, o.open_minor, o.contested_minor as disputed_minor
        from ({open_then(args, view, scope)}) o join {view.schema}.item i using (invoice_id)
        where i.due_on < {args.add(view.time.as_of)}::date
    """
