"""Receivables at the ends of months and turnover by day, of each group of customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from encours.reading.where import Arguments
from reporting_svc.domain.measures.collection import ONE_DAY, Collection, Receivable, in_order, months
from reporting_svc.read_models.receivables.conversion import ReportConversion
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.groups import GroupBy, grouping
from reporting_svc.read_models.receivables.parts import parts_then
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.sums import SALES

if TYPE_CHECKING:
    from encours.reading.moment import View

Group = str | None
NOTHING = Receivable()


async def collection(
    view: View, scope: Scope, first: date, by: GroupBy | None, days: int
) -> list[Collection]:
    """Return the months from that of ``first`` to the question's day, each with its groups in order. One currency.

    Customers are in the groups of that day throughout, so that what moves from month to month is money.
    """
    scope = replace(scope, portfolio_on=view.time.as_of)
    periods = months(first, view.time.as_of)
    ends = [periods[0][0] - ONE_DAY, *(last for _, last in periods)]
    standing = [await receivables(view, scope, day, by) for day in ends]
    sold = await sales(view, scope, min(periods[0][0], periods[0][1] - timedelta(days=days - 1)), by)
    groups = in_order({*sold, *(group for each in standing for group in each)} or {None})
    return [
        Collection(
            group=group,
            first=start,
            last=last,
            opening=standing[n].get(group, NOTHING),
            sales_minor=between(sold.get(group, {}), start, last),
            closing=standing[n + 1].get(group, NOTHING),
            turnover_minor=between(sold.get(group, {}), last - timedelta(days=days - 1), last),
            days=days,
        )
        for n, (start, last) in enumerate(periods)
        for group in groups
    ]


async def collection_since(view: View, scope: Scope, first: date, days: int) -> Collection:
    """Return one period, from ``first`` to the question's day, of all that is in scope. One currency."""
    scope, last = replace(scope, portfolio_on=view.time.as_of), view.time.as_of
    opening = await receivables(view, scope, first - ONE_DAY, None)
    closing = await receivables(view, scope, last, None)
    since = last - timedelta(days=days - 1)
    sold = (await sales(view, scope, min(first, since), None)).get(None, {})
    return Collection(
        group=None,
        first=first,
        last=last,
        opening=opening.get(None, NOTHING),
        sales_minor=between(sold, first, last),
        closing=closing.get(None, NOTHING),
        turnover_minor=between(sold, since, last),
        days=days,
    )


async def receivables(view: View, scope: Scope, day: date, by: GroupBy | None) -> dict[Group, Receivable]:
    """Return the receivables of each group at the end of a day, by what is known at the moment of the question."""
    view = replace(view, time=replace(view.time, as_of=day))
    args = Arguments()
    parts, group = await parts_then(args, view, scope), grouping(args, view, scope, by, "p")
    late = f"p.due_on < {args.add(day)}::date"
    rows = await view.conn.fetch(
        f"""
        select {group.value} as value, sum(p.open_minor)::bigint as open_minor,
               coalesce(sum(p.open_minor) filter (where not {late}), 0)::bigint as not_due_minor,
               coalesce(sum(p.open_minor - p.conceded_minor) filter (where {late}), 0)::bigint as overdue_minor
        from ({parts}) p {group.join} where not p.is_penalty group by 1
        """,
        *args,
    )
    found = {
        row["value"]: Receivable(row["open_minor"], row["not_due_minor"], row["overdue_minor"])
        for row in rows
    }
    for value, minor in (await _unapplied(view, scope, by)).items():
        found[value] = replace(found.get(value, NOTHING), unapplied_minor=minor)
    return found


async def _unapplied(view: View, scope: Scope, by: GroupBy | None) -> dict[Group, int]:
    args = Arguments()
    accounts = (await counted(args, view, scope, "account")).accounts()
    group = grouping(args, view, scope, by, "p")
    rows = await view.conn.fetch(
        f"""
        select {group.value} as value, sum(p.minor)::bigint as minor from (
            select {ENTITY_ID.sql("m.entity")} as entity, {CUSTOMER_ID.sql("m.customer_id")} as customer_id, m.minor
            from (
                select m.entity, m.customer_id, sum(m.cash_minor)::bigint as minor
                from ({accounts}) m where m.cash_minor <> 0 group by m.entity, m.customer_id
            ) m
        ) p {group.join} group by 1
        """,
        *args,
    )
    return {row["value"]: row["minor"] for row in rows}


async def sales(
    view: View,
    scope: Scope,
    first: date,
    by: GroupBy | None,
    period: Literal["day", "month"] = "day",
    conversion: ReportConversion | None = None,
) -> dict[Group, dict[date, int]]:
    """Return turnover VAT included from ``first`` to the question's day, by group and day or first day of a month.

    With a conversion each document counts by the rate of the question's day.
    """
    start = "m.effective_on" if period == "day" else "date_trunc('month', m.effective_on)::date"
    where = (
        ScopeWhere(view, scope, "m", packed=True)
        .counted()
        .add(SALES)
        .add("m.effective_on >= {}::date", first)
    )
    group = grouping(where.arguments, view, scope, by, "p")
    amount, rated = "m.account_minor", ""
    if conversion is not None:
        amount = "round(m.account_minor * r.factor)"
        rates = conversion.sql(where.arguments)
        rated = f"left join {rates} r on r.entity = {ENTITY_ID.sql('m.entity')} and r.currency = m.currency"
    rows = await view.conn.fetch(
        f"""
        select {group.value} as value, p.day, sum(p.minor)::bigint as minor from (
            select {ENTITY_ID.sql("m.entity")} as entity, {CUSTOMER_ID.sql("m.customer_id")} as customer_id, m.day,
                   m.minor
            from (
                select m.entity, m.customer_id, {start} as day, sum({amount})::bigint as minor
                from {view.schema}.movement m {rated} where {where.sql} group by m.entity, m.customer_id, 3
            ) m
        ) p {group.join} group by 1, 2
        """,
        *where.arguments,
    )
    found: dict[Group, dict[date, int]] = {}
    for row in rows:
        found.setdefault(row["value"], {})[row["day"]] = row["minor"]
    return found


def between(sold: Mapping[date, int], first: date, last: date) -> int:
    """Return the turnover from a day to another."""
    return sum(minor for day, minor in sold.items() if first <= day <= last)
