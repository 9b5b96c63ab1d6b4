"""Turnover that days sales outstanding are counted in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from reporting_svc.domain.measures.collection import Receivable, eleven_months_before, in_order
from reporting_svc.domain.measures.collection import months as months_between
from reporting_svc.domain.measures.dso import Dso, measure, months_back
from reporting_svc.read_models.aged_balance.penalties import OpenPenalties
from reporting_svc.read_models.collection.query import NOTHING, between, receivables, sales
from reporting_svc.read_models.receivables.conversion import ReportConversion, moved_sql, require_every_rate
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.sums import SALES

if TYPE_CHECKING:
    from encours.reading.moment import View
    from reporting_svc.read_models.aged_balance.query import Figures

DsoGroup = Literal["month", "entity", "segment", "salesperson", "collector"]


async def days_sales_outstanding(
    view: View,
    scope: Scope,
    total: Figures,
    penalties: OpenPenalties,
    days: int,
    conversion: ReportConversion | None = None,
) -> Dso:
    """Return the measures of a balance on turnover of the ``days`` that end with the question's day.

    Its penalty documents are left out: they are no turnover.

    With a conversion each document counts by the rate of that day.
    """
    if conversion is not None:
        await require_every_rate(view, scope, conversion)
    turnover = await billed_since(view, scope, view.time.as_of - timedelta(days=days - 1), conversion)
    months = months_back(await monthly_turnover(view, scope, conversion), view.time.as_of)
    receivables = total.outstanding - penalties.open_minor
    return measure(receivables, total.bands[0] - penalties.not_due_minor, turnover, months, days)


async def billed_since(view: View, scope: Scope, first: date, conversion: ReportConversion | None) -> int:
    """Return turnover VAT included, issued less credited, from ``first`` to the question's day."""
    where = ScopeWhere(view, scope, "m", packed=True).counted().add(SALES)
    where.add("m.effective_on >= {}::date", first)
    billed: int = await view.conn.fetchval(
        f"select coalesce(sum(m.account_minor), 0)::bigint from {moved_sql(view, scope, where, conversion)}",
        *where.arguments,
    )
    return billed


async def grouped_days(view: View, scope: Scope, by: DsoGroup, days: int) -> dict[str | None, Dso]:
    """Return the measures of each group, in order, on turnover of the ``days`` before; one currency.

    By month they are those of the ends of the last twelve months, the latest on the question's day. Customers are in
    the groups of that day.
    """
    scope, last = replace(scope, portfolio_on=view.time.as_of), view.time.as_of
    of = None if by == "month" else by
    months = await sales(view, scope, date.min, of, "month")
    if of is not None:
        standing = await receivables(view, scope, last, of)
        sold = await sales(view, scope, last - timedelta(days=days - 1), of)
        return {
            group: _dso(standing.get(group, NOTHING), sold.get(group, {}), months.get(group, {}), last, days)
            for group in in_order({*standing, *months})
        }
    ends = [end for _, end in months_between(eleven_months_before(last), last)]
    sold_on = (await sales(view, scope, ends[0] - timedelta(days=days - 1), None)).get(None, {})
    return {
        f"{end:%Y-%m}": _dso(
            (await receivables(view, scope, end, None)).get(None, NOTHING),
            sold_on,
            months.get(None, {}),
            end,
            days,
        )
        for end in ends
    }


def _dso(
    standing: Receivable, sold: Mapping[date, int], months: Mapping[date, int], last: date, days: int
) -> Dso:
    turnover = between(sold, last - timedelta(days=days - 1), last)
    return measure(
        standing.outstanding_minor, standing.not_due_minor, turnover, months_back(months, last), days
    )


async def monthly_turnover(view: View, scope: Scope, conversion: ReportConversion | None) -> dict[date, int]:
    """Return the turnover VAT included of each calendar month that has any up to the question's day."""
    where = ScopeWhere(view, scope, "m", packed=True).counted().add(SALES)
    rows = await view.conn.fetch(
        f"""
        select date_trunc('month', m.effective_on)::date, sum(m.account_minor)::bigint
        from {moved_sql(view, scope, where, conversion)} group by 1
        """,
        *where.arguments,
    )
    return {row[0]: row[1] for row in rows}
