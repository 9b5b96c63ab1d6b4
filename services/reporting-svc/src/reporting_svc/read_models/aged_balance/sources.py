"""SQL of the aged figures by debtor, from each of the tables that can answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from encours.kernel.bands import STANDARD, Bands
from encours.reading.merges import merged_sql
from encours.reading.where import Arguments
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.parts import instalments_now, parts_then, undivided_now
from reporting_svc.read_models.receivables.query import later_sql
from reporting_svc.read_models.receivables.rows import AGING_DAY_ID, CUSTOMER_ID, ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.subtotals import Basis

if TYPE_CHECKING:
    from encours.reading.moment import View

Source = Literal["balance", "item", "movement"]

BESIDE = ("disputed", "conceded", "late_conceded", "on_plan", "unapplied", "open_items", "ledger")
"""Columns beside the bands."""
PARTS = BESIDE[:4]
"""Columns of amounts that are parts of the bands."""


def columns_of(bands: Bands) -> list[str]:
    """Return the columns of aged figures: ``b0``, ``b1`` … of the bands, then those of :data:`BESIDE`."""
    return [*(f"b{n}" for n in range(len(bands.names))), *BESIDE]


async def source_of(view: View, bands: Bands, basis: Basis) -> Source:
    """Return the smallest tables that can answer a question."""
    if not view.time.is_now:
        return "movement"
    aged_today = f"(select day from {view.schema}.aging_day where id = $2) = $1::date"
    row = await view.conn.fetchrow(
        f"select {later_sql(view.schema)}, {aged_today}", view.time.as_of, AGING_DAY_ID
    )
    assert row is not None  # a select without a table is one row
    later, today = row
    if later:
        return "movement"
    return "balance" if today and bands == STANDARD and basis == "due_on" else "item"


def _from_balance(args: Arguments, view: View, scope: Scope) -> str:
    """SQL: the rows of "now", whose bands are the standard ones by due date."""
    columns = [f"band_{n}_minor" for n in range(len(STANDARD.names))]
    named = ", ".join(f"b.{column} as b{n}" for n, column in enumerate(columns))
    not_zero = " or ".join(
        f"b.{c} <> 0" for c in [*columns, "unapplied_minor", "open_minor", "account_minor"]
    )
    return f"""
        select b.entity, b.customer_id, b.currency, {named}, b.disputed_minor as disputed,
               b.conceded_minor as conceded, b.late_conceded_minor as late_conceded, b.planned_minor as on_plan,
               b.unapplied_minor as unapplied,
               b.open_minor as open_items, b.account_minor as ledger
        from {view.schema}.balance b where {ScopeWhere(view, scope, "b", args).sql} and ({not_zero})
    """


def _from_items(args: Arguments, view: View, scope: Scope, bands: Bands, basis: Basis) -> str:
    """Open items as they are now, in the bands of another day; cash and account as they are now."""
    parts = (undivided_now(args, view, scope), instalments_now(args, view, scope))
    rest = f"""
        select b.entity, b.customer_id, b.currency, {_nothing(bands)}, 0, 0, 0, 0, b.unapplied_minor, 0, b.account_minor
        from {view.schema}.balance b where {ScopeWhere(view, scope, "b", args).sql}
    """
    return _added([*(_of_parts(args, view, each, bands, basis) for each in parts), rest], bands)


def _of_parts(args: Arguments, view: View, parts: str, bands: Bands, basis: Basis) -> str:
    in_bands = _banded(args, "p.open_minor", f"p.{basis}", view.time.as_of, bands)
    return f"""
        select p.entity, p.customer_id, p.currency, {in_bands},
               {_shares(args, f"p.{basis}", view.time.as_of)}, 0::bigint as unapplied,
               sum(p.open_minor)::bigint as open_items, 0::bigint as ledger
        from ({parts}) p group by p.entity, p.customer_id, p.currency
    """


async def _from_movements(args: Arguments, view: View, scope: Scope, bands: Bands, basis: Basis) -> str:
    """Everything that counted by the day and was known at the position, added up.

    Bands are sums of movements by the dates of their invoices. The contested, conceded and planned parts are bounded by
    what is open on each invoice, and the instalments of invoices that ever had any go from the band of the invoice to
    their own.
    """
    ends = [args.add(view.time.as_of - timedelta(days=threshold + 1)) for threshold in bands.thresholds]
    in_bands = _differences([f"coalesce(sum(m.past_{n}), 0)" for n in range(len(bands.names))])
    sums = (await counted(args, view, scope, "account")).accounts_by_day(basis, ends)
    moved = f"""
        select {ENTITY_ID.sql("entity")} as entity, {CUSTOMER_ID.sql("customer_id")} as customer_id, currency,
               {", ".join(columns_of(bands))}
        from (
            select m.entity, m.customer_id, m.currency, {in_bands},
                   0::bigint as disputed, 0::bigint as conceded, 0::bigint as late_conceded, 0::bigint as on_plan,
                   coalesce(sum(m.cash_minor), 0)::bigint as unapplied,
                   coalesce(sum(m.item_minor), 0)::bigint as open_items,
                   coalesce(sum(m.account_minor), 0)::bigint as ledger
            from ({sums}) m group by m.entity, m.customer_id, m.currency
        ) moved
    """
    of_part = "case when p.is_divided then p.open_minor end"
    apart = f"""
        select p.entity, p.customer_id, p.currency, {_banded(args, of_part, f"p.{basis}", view.time.as_of, bands)},
               {_shares(args, f"p.{basis}", view.time.as_of)}, 0, 0, 0
        from apart p group by p.entity, p.customer_id, p.currency
    """
    dated = {"due_on": "p.invoice_due_on", "issued_on": "p.issued_on"}[basis]
    left = _banded(args, "-p.open_minor", dated, view.time.as_of, bands)
    divided = f"""
        select p.entity, p.customer_id, p.currency, {left}, 0, 0, 0, 0, 0, 0, 0
        from apart p where p.is_divided
        group by p.entity, p.customer_id, p.currency
    """
    parts = await parts_then(args, view, scope, apart=True)
    return f"with apart as materialized ({parts}) {_added([moved, apart, divided], bands)}"


async def figures_sql(
    source: Source, args: Arguments, view: View, scope: Scope, bands: Bands, basis: Basis
) -> str:
    """SQL: aged figures of each customer on record, entity and currency."""
    match source:
        case "balance":
            return _from_balance(args, view, scope)
        case "item":
            return _from_items(args, view, scope, bands, basis)
        case "movement":
            return await _from_movements(args, view, scope, bands, basis)


def of_debtors(args: Arguments, scope: Scope, columns: Sequence[str]) -> str:
    """SQL: the figures in ``records`` by debtor: those of merged records are added to their survivor's."""
    merged = scope.merged.merged
    # A subquery is hashed once, under every plan; a comparison with the elements of an array is not.
    touched = f"(select unnest({args.add(sorted({*merged, *merged.values()}))}::text[]))"
    added = ", ".join(f"sum({c})::bigint as {c}" for c in columns)
    not_zero = " or ".join(f"sum({c}) <> 0" for c in columns if c not in PARTS)
    return f"""
        select entity, customer_id, currency, {", ".join(columns)} from records where customer_id not in {touched}
        union all
        select r.entity, coalesce(m.survivor_id, r.customer_id), r.currency, {added}
        from records r left join {merged_sql(scope.merged, args)} m using (customer_id)
        where r.customer_id in {touched} group by 1, 2, 3 having {not_zero}
    """


def _banded(args: Arguments, amount: str, counted_from: str, as_of: date, bands: Bands) -> str:
    """The bands as differences of what is past each threshold: one comparison a row and threshold.

    Equal aggregates of one statement are computed once.
    """
    past = [f"coalesce(sum({amount}), 0)"]
    for threshold in bands.thresholds:
        before = args.add(as_of - timedelta(days=threshold))
        past.append(f"coalesce(sum({amount}) filter (where {counted_from} < {before}::date), 0)")
    return _differences(past)


def _differences(past: Sequence[str]) -> str:
    beyond = [*past[1:], "0"]
    return ", ".join(
        f"({here} - {further})::bigint as b{n}"
        for n, (here, further) in enumerate(zip(past, beyond, strict=True))
    )


def _shares(args: Arguments, counted_from: str, as_of: date) -> str:
    """SQL: the contested, the conceded and the planned part, and the conceded part past the first threshold."""
    late = f"filter (where {counted_from} < {args.add(as_of)}::date)"
    return (
        "sum(p.disputed_minor)::bigint as disputed, sum(p.conceded_minor)::bigint as conceded, "
        f"coalesce(sum(p.conceded_minor) {late}, 0)::bigint as late_conceded, sum(p.planned_minor)::bigint as on_plan"
    )


def _nothing(bands: Bands) -> str:
    return ", ".join("0" for _ in bands.names)


def _added(parts: list[str], bands: Bands) -> str:
    columns = columns_of(bands)
    added = ", ".join(f"sum({c})::bigint as {c}" for c in columns)
    not_zero = " or ".join(f"sum({c}) <> 0" for c in columns if c not in PARTS)
    return f"""
        select entity, customer_id, currency, {added} from ({" union all ".join(parts)}) as part
        group by entity, customer_id, currency having {not_zero}
    """
