"""List of invoices past their due date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from encours.reading.merges import merged_sql
from encours.reading.where import Arguments, ViewWhere
from reporting_svc.read_models.receivables.query import is_now, open_then
from reporting_svc.read_models.receivables.rows import INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.sums import share_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from encours.reading.moment import View
    from encours.reading.pages import Page

_DISPUTED = share_sql("open_minor", "disputed_minor")
_CONCEDED = share_sql("open_minor", "conceded_minor")
_LISTED = "open_minor > greatest(0, conceded_minor)"
SORTS = {"due_on": "due_on", "open": "open_minor", "number": "number", "invoice_id": "invoice_id"}


@dataclass(frozen=True, slots=True)
class Overdue:
    """Sums over the list, which has no invoice of which all that is open was conceded.

    ``past_due_minor`` is what is owed past due, without conceded parts, also of items below zero.
    """

    rows: tuple[Mapping[str, Any], ...]
    invoices: int
    open_minor: int
    disputed_minor: int
    conceded_minor: int
    past_due_minor: int


async def overdue(view: View, scope: Scope, page: Page) -> Overdue:
    """Return one page and the sums of the whole list. One currency."""
    source = _now if await is_now(view) else _then
    args = Arguments()
    sums = await view.conn.fetchrow(
        f"""
        select count(*) filter (where {_LISTED}) as invoices,
               coalesce(sum(open_minor - {_CONCEDED}), 0)::bigint as past_due,
               coalesce(sum(open_minor) filter (where {_LISTED}), 0)::bigint as open,
               coalesce(sum({_DISPUTED}) filter (where {_LISTED}), 0)::bigint as disputed,
               coalesce(sum({_CONCEDED}) filter (where {_LISTED}), 0)::bigint as conceded
        from ({source(args, view, scope)}) late
        """,
        *args,
    )
    assert sums is not None  # an aggregate without groups is one row
    where = ViewWhere(view, entity="entity").add(_LISTED)
    debtor, merged = "i.customer_id", ""
    if scope.merged.merged:
        debtor = "coalesce(m.survivor_id, i.customer_id)"
        merged = f"left join {merged_sql(scope.merged, where.arguments)} m on m.customer_id = i.customer_id"
    listed = f"""(
        select {INVOICE_ID.sql("i.invoice_id")} as invoice_id, i.entity, {debtor} as customer_id, i.currency,
               i.issued_on, i.due_on, i.number, i.total_minor, i.salesperson, late.open_minor, late.disputed_minor,
               late.conceded_minor
        from ({source(where.arguments, view, scope)}) late join {view.schema}.item i using (invoice_id) {merged}
    ) listed"""
    rows = await view.conn.fetch(
        f"""
        select p.*, {_DISPUTED} as contested_part_minor, {_CONCEDED} as conceded_part_minor, c.name, c.external_ref
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
        conceded_minor=sums["conceded"],
        past_due_minor=sums["past_due"],
    )


def _now(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: open items as they are now; right for a day after which nothing counts."""
    where = ScopeWhere(view, scope, "i", args).add("i.open_minor <> 0")
    where.add(f"i.due_on < {where.as_of}")
    columns = "i.invoice_id, i.open_minor, i.disputed_minor, i.conceded_minor"
    return f"select {columns} from {view.schema}.item i where {where.sql}"


def _then(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: items by what had counted by the day and was known at the moment."""
    return f"""
        select i.invoice_id, o.open_minor, o.contested_minor as disputed_minor, o.conceded_minor
        from ({open_then(args, view, scope)}) o join {view.schema}.item i using (invoice_id)
        where i.due_on < {args.add(view.time.as_of)}::date
    """
