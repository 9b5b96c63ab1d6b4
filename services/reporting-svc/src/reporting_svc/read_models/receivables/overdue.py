"""List of invoices past their due date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.figures import Row, knows_later, open_then
from reporting_svc.read_models.receivables.rows import INVOICE_ID
from reporting_svc.read_models.scope import Moment, Scope

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.pages import Page

SORTS = {"due_on": "due_on", "open": "open_minor", "number": "number", "invoice_id": "invoice_id"}


@dataclass(frozen=True, slots=True)
class Overdue:
    """``open_minor`` and ``disputed_minor`` are sums over the list; ``past_due_minor`` also has items below zero."""

    rows: tuple[Row, ...]
    invoices: int
    open_minor: int
    disputed_minor: int
    past_due_minor: int


async def overdue(conn: Conn, schema: str, scope: Scope, moment: Moment, page: Page) -> Overdue:
    """Return one page and the sums of the whole list, in the snapshot that ``conn`` is in. One currency."""
    args = Arguments()
    later = moment.known_to is not None or await knows_later(conn, schema, moment)
    source = _past(args, schema, scope, moment) if later else _now(args, schema, scope, moment)
    shared = "greatest(0, least(open_minor, disputed_minor))"
    sums = await conn.fetchrow(
        f"""
        select count(*) filter (where open_minor > 0) as invoices, coalesce(sum(open_minor), 0)::bigint as past_due,
               coalesce(sum(open_minor) filter (where open_minor > 0), 0)::bigint as open,
               coalesce(sum({shared}), 0)::bigint as disputed
        from ({source}) late
        """,
        *args,
    )
    assert sums is not None  # an aggregate without groups is one row
    behind, values = page.after(len(args) + 1)
    args.extend(values)
    rows = await conn.fetch(
        f"""
        with page as (
            select * from (
                select {INVOICE_ID.sql("i.invoice_id")} as invoice_id, i.entity, i.customer_id, i.currency, i.issued_on,
                       i.due_on, late.open_minor, late.disputed_minor, i.number, i.total_minor, i.salesperson
                from ({source}) late join {schema}.item i using (invoice_id)
            ) listed
            where open_minor > 0 and {behind} {page.order_by()} limit {page.fetch}
        )
        select page.*, {shared} as contested_minor, c.name, c.external_ref
        from page left join {schema}.customer c using (customer_id) {page.order_by()}
        """,
        *args,
    )
    return Overdue(
        rows=tuple(cast("list[Row]", rows)),
        invoices=sums["invoices"],
        open_minor=sums["open"],
        disputed_minor=sums["disputed"],
        past_due_minor=sums["past_due"],
    )


def _now(args: Arguments, schema: str, scope: Scope, moment: Moment) -> str:
    """Open items as they are now; right for a day after which nothing counts."""
    return f"""
        select i.invoice_id, i.open_minor, i.disputed_minor
        from {schema}.item i
        where i.open_minor <> 0 and i.due_on < {args.add(moment.as_of)}::date and {scope.sql(args, "i", schema)}
    """


def _past(args: Arguments, schema: str, scope: Scope, moment: Moment) -> str:
    """Items by what had counted by the day and was known at the position."""
    return f"""
        select i.invoice_id, o.open_minor, o.contested_minor as disputed_minor
        from ({open_then(args, schema, scope, moment)}) o join {schema}.item i using (invoice_id)
        where i.due_on < {args.add(moment.as_of)}::date
    """
