"""Receivables at the ends of months and turnover by day, of each group of customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from encours.reading.where import Arguments
from reporting_svc.domain.measures.collection import ONE_DAY, Collection, Receivable, in_order, months
from reporting_svc.read_models.collection.standing import standings
from reporting_svc.read_models.entries.columns import SALE
from reporting_svc.read_models.receivables.conversion import ReportConversion, moved_sql
from reporting_svc.read_models.receivables.groups import GroupBy, grouping
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.sums import SALES
from reporting_svc.read_models.turnover.kept import KeptSums, Wanted, kept_sums, starts_of

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
    standing = await standings(view, scope, ends, by)
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
    opening, closing = await standings(view, scope, [first - ONE_DAY, last], None)
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
    if by is None:
        return await _sales_of_all(view, scope, first, start, conversion)
    kept = KeptSums()
    if conversion is None:
        wanted = Wanted(
            columns=("kind", "account_minor"),
            which=lambda entries: entries["kind"] & SALE != 0,
            by=lambda entries: [starts_of(period, entries["day"])],
            amounts=lambda entries: [entries["account_minor"]],
        )
        kept = await kept_sums(view, scope, first, by, wanted)
    where = (
        ScopeWhere(view, scope, "m", packed=True)
        .counted()
        .add(SALES)
        .add("m.effective_on >= {}::date", first)
        .add("m.position > {}::bigint", kept.upto)
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
    for value, day, minor in rows:
        kept.add(value, [day.toordinal()], [minor])
    found: dict[Group, dict[date, int]] = {}
    for (value, (day,)), (minor,) in kept.sums.items():
        found.setdefault(value, {})[date.fromordinal(day)] = minor
    return found


async def _sales_of_all(
    view: View, scope: Scope, first: date, start: str, conversion: ReportConversion | None
) -> dict[Group, dict[date, int]]:
    args = Arguments()
    rows = await view.conn.fetch(
        f"""
        select {start} as day, sum(m.account_minor)::bigint as minor
        from {await moved_sql(args, view, scope, conversion)}
        where m.is_sale and m.effective_on >= {args.add(first)}::date group by 1 having sum(m.entries) <> 0
        """,
        *args,
    )
    return {None: {row["day"]: row["minor"] for row in rows}} if rows else {}


def between(sold: Mapping[date, int], first: date, last: date) -> int:
    """Return the turnover from a day to another."""
    return sum(minor for day, minor in sold.items() if first <= day <= last)
