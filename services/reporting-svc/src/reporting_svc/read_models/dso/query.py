"""Turnover that days sales outstanding are counted in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from reporting_svc.domain.measures.dso import Dso, Month, measure
from reporting_svc.read_models.receivables.conversion import ReportConversion, moved_sql, require_every_rate
from reporting_svc.read_models.receivables.penalties import OpenPenalties
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.sums import SALES

if TYPE_CHECKING:
    from encours.reading.moment import View
    from reporting_svc.read_models.aged_balance.query import Figures


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
    months = await _months_back(view, scope, conversion)
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


async def _months_back(view: View, scope: Scope, conversion: ReportConversion | None) -> list[Month]:
    """Return calendar months from the question's day, which ends the latest, back to the first with turnover."""
    where = ScopeWhere(view, scope, "m", packed=True).counted().add(SALES)
    rows = await view.conn.fetch(
        f"""
        select date_trunc('month', m.effective_on)::date, sum(m.account_minor)::bigint
        from {moved_sql(view, scope, where, conversion)} group by 1
        """,
        *where.arguments,
    )
    turnover = {row[0]: row[1] for row in rows}
    if not turnover:
        return []
    months, last, first = [], view.time.as_of, min(turnover)
    while last >= first:
        start = last.replace(day=1)
        months.append(Month(turnover.get(start, 0), last.day))
        last = start - timedelta(days=1)
    return months
