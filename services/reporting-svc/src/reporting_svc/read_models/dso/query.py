"""Turnover that days sales outstanding are counted in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, cast

from encours.reading.where import Arguments
from reporting_svc.domain.measures.collection import Receivable, eleven_months_before, in_order
from reporting_svc.domain.measures.collection import months as months_between
from reporting_svc.domain.measures.dso import Dso, measure, months_back
from reporting_svc.read_models.aged_balance.penalties import OpenPenalties, penalties_by_group
from reporting_svc.read_models.aged_balance.query import aged_groups
from reporting_svc.read_models.collection.query import NOTHING, between, sales
from reporting_svc.read_models.collection.standing import receivables, standings
from reporting_svc.read_models.receivables.conversion import ReportConversion, moved_sql, require_every_rate
from reporting_svc.read_models.receivables.groups import GroupBy
from reporting_svc.read_models.receivables.scope import Scope

if TYPE_CHECKING:
    from encours.reading.moment import View
    from reporting_svc.read_models.aged_balance.query import Figures

DsoGrouping = Literal[
    "month",
    "entity",
    "segment",
    "salesperson",
    "collector",
    "month,entity",
    "month,segment",
    "month,salesperson",
    "month,collector",
]
MONTHS = "turnover and other changes of all months"
"""Parts of :attr:`BilledMonths.balance_minor`."""


@dataclass(frozen=True, slots=True)
class BilledMonths:
    """Turnover VAT included of each calendar month that has any, and of a period; minor units.

    ``balance_minor``: the turnover of all months with everything else that moved the accounts; ``before_minor``: that
    of the days before another period.
    """

    months: Mapping[date, int]
    period_minor: int
    balance_minor: int
    before_minor: int


async def billed_months(
    view: View,
    scope: Scope,
    days: int,
    conversion: ReportConversion | None = None,
    since: date = date.min,
) -> BilledMonths:
    """Return the turnover up to the question's day, and that of the ``days`` that end with it; with the balance before
    the day ``since``.

    With a conversion each document counts by the rate of that day.
    """
    if conversion is not None:
        await require_every_rate(view, scope, conversion)
    args = Arguments()
    first, begins = (args.add(each) for each in (view.time.as_of - timedelta(days=days - 1), since))
    billed = "sum(m.account_minor) filter (where m.is_sale"
    rows = await view.conn.fetch(
        f"""
        select date_trunc('month', m.effective_on)::date as month,
               coalesce(sum(m.entries) filter (where m.is_sale), 0) <> 0 as is_billed,
               coalesce({billed}), 0)::bigint as billed,
               coalesce({billed} and m.effective_on >= {first}::date), 0)::bigint as of_period,
               sum(m.account_minor)::bigint as change,
               coalesce(sum(m.account_minor) filter (where m.effective_on < {begins}::date), 0)::bigint as before
        from {await moved_sql(args, view, scope, conversion)} group by 1
        """,
        *args,
    )
    return BilledMonths(
        {row["month"]: row["billed"] for row in rows if row["is_billed"]},
        sum(row["of_period"] for row in rows),
        sum(row["change"] for row in rows),
        sum(row["before"] for row in rows),
    )


def days_sales_outstanding(
    total: Figures, penalties: OpenPenalties, billed: BilledMonths, as_of: date, days: int
) -> Dso:
    """Return the measures of a balance on turnover of the ``days`` that end with the question's day.

    Its penalty documents are left out: they are no turnover.
    """
    receivables = total.outstanding - penalties.open_minor
    not_due = total.bands[0] - penalties.not_due_minor
    return measure(receivables, not_due, billed.period_minor, months_back(billed.months, as_of), days)


async def billed_since(view: View, scope: Scope, first: date, conversion: ReportConversion | None) -> int:
    """Return turnover VAT included, issued less credited, from ``first`` to the question's day."""
    args = Arguments()
    billed: int = await view.conn.fetchval(
        f"""select coalesce(sum(m.account_minor), 0)::bigint from {await moved_sql(args, view, scope, conversion)}
            where m.is_sale and m.effective_on >= {args.add(first)}::date""",
        *args,
    )
    return billed


@dataclass(frozen=True, slots=True)
class GroupedDays:
    """Measures by month, such as 2026-03, and group; ``None`` for no such division.

    ``balance_minor``: what is outstanding of all groups on the question's day, penalty documents included.
    """

    measured: Mapping[tuple[str | None, str | None], Dso]
    balance_minor: int


def divided(by: DsoGrouping) -> tuple[bool, GroupBy | None]:
    """Return true for a division by months, and the groups of customers."""
    group = by.rpartition(",")[2]
    return by.startswith("month"), None if group == "month" else cast("GroupBy", group)


async def grouped_days(
    view: View, scope: Scope, by: DsoGrouping, days: int, conversion: ReportConversion | None = None
) -> GroupedDays:
    """Return the measures of each month and group, in order, on turnover of the ``days`` before.

    By month they are those of the ends of the last twelve months, the latest on the question's day. Customers are in
    the groups of that day. With a conversion all is in its currency, by the rates of that day.
    """
    scope, last = replace(scope, portfolio_on=view.time.as_of), view.time.as_of
    monthly, of = divided(by)
    ends = [end for _, end in months_between(eleven_months_before(last), last)] if monthly else [last]
    months = await sales(view, scope, date.min, of, "month", conversion)
    sold = await sales(view, scope, ends[0] - timedelta(days=days - 1), of, "day", conversion)
    if conversion is not None:
        standing = [await _converted(view, scope, end, of, conversion) for end in ends]
    elif monthly:
        standing = await standings(view, scope, ends, of)
    else:
        standing = [await receivables(view, scope, last, of)]
    groups = [None] if of is None else in_order({*months, *(group for own in standing for group in own)})
    measured = {
        (f"{end:%Y-%m}" if monthly else None, group): _dso(
            own.get(group, NOTHING), sold.get(group, {}), months.get(group, {}), end, days
        )
        for end, own in zip(ends, standing, strict=True)
        for group in groups
    }
    penalties = (await penalties_by_group(view, scope, of, conversion)).values()
    receivable = sum(own.outstanding_minor for own in standing[-1].values())
    return GroupedDays(measured, receivable + sum(own.open_minor for own in penalties))


async def _converted(
    view: View, scope: Scope, day: date, of: GroupBy | None, conversion: ReportConversion
) -> dict[str | None, Receivable]:
    """Return the receivables of each group at the end of a day, penalty documents left out."""
    view = replace(view, time=replace(view.time, as_of=day))
    found: dict[str | None, Receivable] = {}
    for each in await aged_groups(view, scope, of, conversion=conversion):
        own = found.get(each.group, NOTHING)
        found[each.group] = Receivable(
            own.open_minor + (each.converted_minor or 0),
            own.not_due_minor + (each.converted_not_due_minor or 0),
        )
    for group, penalties in (await penalties_by_group(view, scope, of, conversion)).items():
        own = found.get(group, NOTHING)
        found[group] = Receivable(
            own.open_minor - penalties.open_minor, own.not_due_minor - penalties.not_due_minor
        )
    return found


def _dso(
    standing: Receivable, sold: Mapping[date, int], months: Mapping[date, int], last: date, days: int
) -> Dso:
    turnover = between(sold, last - timedelta(days=days - 1), last)
    return measure(
        standing.outstanding_minor, standing.not_due_minor, turnover, months_back(months, last), days
    )
