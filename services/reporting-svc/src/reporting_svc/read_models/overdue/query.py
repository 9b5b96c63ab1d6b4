"""List of invoices and instalments past their due dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, cast

from encours.kernel.bands import Bands
from encours.reading.merges import debtor_sql
from encours.reading.where import Arguments, ViewWhere
from reporting_svc.read_models.receivables.conversion import ReportConversion
from reporting_svc.read_models.receivables.groups import FieldGroup, GroupBy, PartyGroup, grouping
from reporting_svc.read_models.receivables.named import named_sql, shares_sql
from reporting_svc.read_models.receivables.parts import parts_at
from reporting_svc.read_models.receivables.query import is_now
from reporting_svc.read_models.receivables.rows import INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import Basis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from encours.reading.moment import View
    from encours.reading.pages import Page

KEY = "row_key"
SORTS = {"due_on": "due_on", "open": "open_minor", "number": "number", "invoice_id": KEY}
_LISTED = "open_minor > greatest(0, conceded_minor)"


@dataclass(frozen=True, slots=True)
class Overdue:
    """Sums over the list, which has no invoice or instalment of which all that is open was conceded.

    ``past_due_minor`` is what is owed past due, without conceded parts, also of items below zero.
    """

    rows: tuple[Mapping[str, Any], ...]
    invoices: int
    open_minor: int
    disputed_minor: int
    conceded_minor: int
    planned_minor: int
    promised_minor: int
    placed_minor: int
    insured_minor: int
    past_due_minor: int


async def overdue(view: View, scope: Scope, page: Page) -> Overdue:
    """Return one page and the sums of the whole list. One currency."""
    now = await is_now(view)
    args = Arguments()
    late = f"""select p.*, {shares_sql("p", "n")} from ({await parts_at(args, view, scope, now=now)}) p
               left join ({await named_sql(args, view, scope, now=now)}) n using (invoice_id)
               where p.due_on < {args.add(view.time.as_of)}::date"""
    sums = await view.conn.fetchrow(
        f"""
        select count(*) filter (where instalment is null and {_LISTED})
                   + count(distinct invoice_id) filter (where instalment is not null and {_LISTED}) as invoices,
               coalesce(sum(open_minor - conceded_minor), 0)::bigint as past_due,
               coalesce(sum(open_minor) filter (where {_LISTED}), 0)::bigint as open,
               coalesce(sum(disputed_minor) filter (where {_LISTED}), 0)::bigint as disputed,
               coalesce(sum(conceded_minor) filter (where {_LISTED}), 0)::bigint as conceded,
               coalesce(sum(planned_minor) filter (where {_LISTED}), 0)::bigint as planned,
               coalesce(sum(promised_minor) filter (where {_LISTED}), 0)::bigint as promised,
               coalesce(sum(placed_minor) filter (where {_LISTED}), 0)::bigint as placed,
               coalesce(sum(insured_minor) filter (where {_LISTED}), 0)::bigint as insured
        from ({late}) late
        """,
        *args,
    )
    assert sums is not None  # an aggregate without groups is one row
    rows = await listed_parts(view, scope, page, DayRange(before=view.time.as_of), _LISTED)
    return Overdue(
        rows=tuple(rows),
        invoices=sums["invoices"],
        open_minor=sums["open"],
        disputed_minor=sums["disputed"],
        conceded_minor=sums["conceded"],
        planned_minor=sums["planned"],
        promised_minor=sums["promised"],
        placed_minor=sums["placed"],
        insured_minor=sums["insured"],
        past_due_minor=sums["past_due"],
    )


@dataclass(frozen=True, slots=True)
class DayRange:
    """Due dates, or dates of issue, from ``first`` on and before ``before``; ``None`` bounds nothing."""

    first: date | None = None
    before: date | None = None
    basis: Basis = "due_on"

    @classmethod
    def of_band(cls, bands: Bands, place: int | None, as_of: date, basis: Basis = "due_on") -> DayRange:
        """Return the dates of the band at a place, or of all bands."""
        if place is None:
            return cls(basis=basis)
        edges = [as_of - timedelta(days=days) for days in bands.thresholds]
        first = edges[place] if place < len(edges) else None
        return cls(first, edges[place - 1] if place else None, basis)

    def sql(self, args: Arguments, table: str) -> str:
        """SQL: the condition on a table."""
        bounds = ((">=", self.first), ("<", self.before))
        found = [
            f"{table}.{self.basis} {sign} {args.add(day)}::date" for sign, day in bounds if day is not None
        ]
        return " and ".join(found) or "true"


@dataclass(frozen=True, slots=True)
class OneGroup:
    """Group of an aged balance by groups; ``value`` None: customers that are in none."""

    by: GroupBy | PartyGroup | FieldGroup
    value: str | None


async def listed_sum(
    view: View,
    scope: Scope,
    days: DayRange,
    bands: Bands,
    group: OneGroup | None = None,
    conversion: ReportConversion | None = None,
) -> int:
    """Return the sum of all open invoices and instalments that such a list has, minor units: in the currency of the
    scope, or in that of the conversion, each debtor's band rounded once, as an aged balance does.
    """
    args = Arguments()
    parts = await parts_at(args, view, scope, now=await is_now(view))
    grouped = grouping(args, view, scope, group.by if group else None, "p")
    within = days.sql(args, "p")
    if group is not None:
        within += f" and {grouped.value} is not distinct from {args.add(group.value)}::text"
    source = f"({parts}) p {grouped.join}"
    added = f"select sum(p.open_minor) as minor from {source} where {within}"
    if conversion is not None:
        edges = [view.time.as_of - timedelta(days=each) for each in reversed(bands.thresholds)]
        debtor, merged = debtor_sql(scope.merged, args, "p.customer_id")
        added = f"""
            select round(sum(p.open_minor) * r.factor) as minor
            from {source} {merged}
            left join {conversion.sql(args)} r on (r.entity, r.currency) = (p.entity, p.currency)
            where {within}
            group by p.entity, p.currency, r.factor, {debtor},
                     width_bucket(p.{days.basis}, {args.add(edges)}::date[])
        """
    found: int = await view.conn.fetchval(
        f"select coalesce(sum(minor), 0)::bigint from ({added}) added", *args
    )
    return found


async def listed_parts(
    view: View, scope: Scope, page: Page, days: DayRange, condition: str, group: OneGroup | None = None
) -> list[Mapping[str, Any]]:
    """Return a page of the open invoices and instalments of a range of days, and of a group, that meet a condition."""
    now = await is_now(view)
    where = ViewWhere(view, entity="entity").add(condition)
    debtor, merged = debtor_sql(scope.merged, where.arguments, "i.customer_id")
    grouped = grouping(where.arguments, view, scope, group.by if group else None, "i")
    within = days.sql(where.arguments, "p")
    if group is not None:
        within += f" and {grouped.value} is not distinct from {where.arguments.add(group.value)}::text"
    listed = f"""(
        select {INVOICE_ID.sql("i.invoice_id")} as invoice_id, i.entity, {debtor} as customer_id, i.currency,
               i.issued_on, p.due_on, p.instalment, i.number, i.total_minor, i.salesperson, p.open_minor,
               p.disputed_minor, p.conceded_minor, p.planned_minor, {shares_sql("p", "n")},
               (i.invoice_id::text || ' ' || coalesce(lpad(p.instalment::text, 4, '0'), '')) collate "C" as {KEY}
        from ({await parts_at(where.arguments, view, scope, now=now)}) p
        join {view.schema}.item i using (invoice_id) {merged} {grouped.join}
        left join ({await named_sql(where.arguments, view, scope, now=now)}) n on n.invoice_id = p.invoice_id
        where {within}
    ) listed"""
    rows = await view.conn.fetch(
        f"""
        select p.*, c.name, c.external_ref
        from (select ordered.*, row_number() over () as place from ({where.page_sql(page, "*", listed)}) ordered) p
        left join {view.schema}.customer c using (customer_id) order by p.place
        """,
        *where.arguments,
    )
    return cast("list[Mapping[str, Any]]", rows)
