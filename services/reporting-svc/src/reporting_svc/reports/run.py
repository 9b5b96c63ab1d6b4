"""Run of a custom report: rows of its source within the grant of the key, tied out, as a table."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta

from encours.contracts.events.report import ReportCondition
from encours.kernel.errors import Refusal
from encours.reading.merges import survivors_at
from encours.reading.moment import View
from reporting_svc.domain.report.days import day_of
from reporting_svc.domain.report.document import ReportPlan
from reporting_svc.domain.report.table import ReportRows, ReportTable
from reporting_svc.read_models.aged_balance.insured import with_insured
from reporting_svc.read_models.aged_balance.penalties import open_penalties
from reporting_svc.read_models.receivables.groups import with_collectors
from reporting_svc.read_models.receivables.query import check
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.report_sources.rows import (
    ReportScope,
    promised_amount,
    report_scope,
    source_rows,
)
from reporting_svc.read_models.tie_out.query import OwnSum, TiedFigures, require_aged_tied, require_tied
from reporting_svc.read_models.tie_out.shares import require_shares_tied
from reporting_svc.read_models.turnover.query import opening

ROWS_MAX = 100_000
"""Rows of a source that a run keeps in memory."""
PERIOD_DAYS_MAX = 3660
MONTHS_MAX = 36
SCOPED = ("customer_id", "currency", "segment", "salesperson")
"""Columns whose conditions the database applies, so that the tie-out is of what the report covers."""
TIED = {
    "open_items": "outstanding",
    "aged_balance": "outstanding",
    "turnover": "change",
    "collection": "closing",
    "promises": "amount",
}
"""Columns whose sums are tied out. Rows of payment delays are a part of all debts, whose sum is."""

WITH_SHARES = ("open_items", "aged_balance")
"""Sources that have parts of the bands, such as disputed ones."""


class ReportTooLarge(Refusal):
    """More rows meet the conditions than a run keeps (422)."""

    code = "report-too-large"
    title = "Report has too many rows"
    status = 422
    remedy = "Add conditions, name an entity, or use POST /v1/exports for whole lists."


class ReportPeriodTooLong(Refusal):
    """The period of the report has no day, or too many (422)."""

    code = "report-period"
    title = "Period of the report is not valid"
    status = 422
    remedy = "Choose since at most ten years before as_of, or 36 months for the source collection, and not after it."


@dataclass(frozen=True, slots=True)
class ReportRun:
    """Result of a run. ``tied_out`` are the aged sums of each currency."""

    plan: ReportPlan
    scope: Scope
    first: date | None
    table: ReportTable
    tied_out: tuple[TiedFigures, ...]


async def run_report(view: View, plan: ReportPlan, entity_id: str | None) -> ReportRun:
    """Return the table of a report at the dates of the view.

    Raises 404 and 403 refusals for an entity or a customer that the key may not see, :class:`ReportPeriodTooLong`,
    :class:`ReportTooLarge`, and :class:`FiguresDoNotTie`.
    """
    on = view.time.as_of
    first = _first(plan, on)
    scope = _scope(plan, entity_id)
    await check(view, scope)
    scope = replace(scope, merged=await survivors_at(view))
    needed = plan.sources_of()
    if needed & {"collector", "collector_name"}:
        scope = await with_collectors(view, scope, "collector")
    if "insured" in needed:
        scope = await with_insured(view, scope)
    books = await report_scope(view, scope, plan, first)
    await require_aged_tied(view, scope, books.aged, plan.bands)
    if plan.source.name in WITH_SHARES:
        await require_shares_tied(view, scope, books.aged)
    rows, added = ReportRows(plan, on, scope.merged.of), Counter[str]()
    tied = TIED.get(plan.source.name)
    async for found in source_rows(books):
        for row in found:
            # Closing balances of earlier months are those of other days.
            added[row["currency"]] += row[tied] if tied and (tied != "closing" or row["end"] == on) else 0
        if rows.add(found) > ROWS_MAX:
            raise ReportTooLarge(f"More than {ROWS_MAX} rows meet the conditions.")
    table = await asyncio.to_thread(rows.table)
    tied_out = tuple([await _tied(books, currency, added[currency]) for currency in books.currencies])
    return ReportRun(plan, scope, first if plan.source.has_period else None, table, tied_out)


def _first(plan: ReportPlan, on: date) -> date:
    """Return the first day of the period; eleven months back unless the document says otherwise."""
    first = day_of(plan.document.since or "eleven_months_back", on)
    months = (on.year - first.year) * 12 + on.month - first.month
    longest = plan.source.name == "collection" and months >= MONTHS_MAX
    if plan.source.has_period and (not timedelta() <= on - first <= timedelta(PERIOD_DAYS_MAX) or longest):
        raise ReportPeriodTooLong(f"The period runs from {first} to {on}.", "/document/since")
    return first


def _scope(plan: ReportPlan, entity_id: str | None) -> Scope:
    named: dict[str, str] = {}
    for each in plan.document.conditions:
        if _is_scope(each):
            named.setdefault(each.column, each.values[0])
    return Scope(
        entity_id=entity_id,
        customer_id=named.get("customer_id"),
        currency=named.get("currency"),
        segment=named.get("segment"),
        salesperson=named.get("salesperson"),
    )


def _is_scope(condition: ReportCondition) -> bool:
    return condition.column in SCOPED and condition.operator == "is" and len(condition.values) == 1


async def _tied(books: ReportScope, currency: str, added_minor: int) -> TiedFigures:
    """Return the aged sums of a currency, tied out with what the rows of the source add up to."""
    figures = books.total(currency)
    match books.plan.source.name:
        case "open_items":
            own = OwnSum("open items", added_minor, figures.open_items)
        case "aged_balance":
            own = OwnSum("customers", added_minor, figures.outstanding)
        case "turnover":
            before = await opening(books.view, books.scope.within(currency), books.first)
            own = OwnSum("opening balance and the changes", before + added_minor, figures.outstanding)
        case "collection":
            penalties = await open_penalties(books.view, books.scope.within(currency), None)
            closing = added_minor + penalties.open_minor
            own = OwnSum("closing balances and the open penalties", closing, figures.outstanding)
        case "promises":
            made = await promised_amount(books.view, books.scope.within(currency))
            own = OwnSum("promises", added_minor, made)
        case _:
            own = OwnSum("parts", books.debts[currency], figures.outstanding)
    return await require_tied(books.view, books.scope, figures, own)
