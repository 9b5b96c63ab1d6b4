"""Rows of each source. Amounts are minor units of the row's currency: none is a sum over two."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from encours.kernel.bands import days_past_due
from reporting_svc.domain.figure import DSO_DAYS
from reporting_svc.domain.measures.delays import DueOutcome
from reporting_svc.domain.report.catalogue import FIELD, INVOICE_FIELD
from reporting_svc.domain.report.document import ReportPlan
from reporting_svc.read_models.aged_balance.query import Aged, Figures, aged, every_row
from reporting_svc.read_models.collection.query import collection
from reporting_svc.read_models.delays.figures import fallen_outcomes
from reporting_svc.read_models.open_items.query import open_items
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.report_sources.parties import ReportParties, dispute_columns, invoice_fields
from reporting_svc.read_models.tie_out.query import require_rows_tied
from reporting_svc.read_models.turnover.kept import Period
from reporting_svc.read_models.turnover.query import by_group

if TYPE_CHECKING:
    from encours.reading.moment import View

SourceRows = AsyncIterator[list[dict[str, Any]]]
ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class ReportScope:
    """Receivables that a report covers at a moment, with what is aged of them. ``first``: first day of a period.

    ``debts``: for a report on them, what all debts and all else make outstanding in each currency; minor units.
    """

    view: View
    scope: Scope
    plan: ReportPlan
    first: date
    aged: Aged
    currencies: tuple[str, ...]
    debts: Counter[str] = field(default_factory=Counter)

    def total(self, currency: str) -> Figures:
        """Return the aged sums of a currency."""
        found = [figures for figures in self.aged.sums if figures.currency == currency]
        return found[0] if found else Figures.none(currency, self.plan.bands)

    @property
    def fields(self) -> list[str]:
        """Codes of the custom fields of customers that the report needs."""
        return sorted(name[6:] for name in self.plan.sources_of() if FIELD.fullmatch(name))

    @property
    def invoice_fields(self) -> list[str]:
        """Columns of the custom fields of invoices that the report needs."""
        return sorted(name for name in self.plan.sources_of() if INVOICE_FIELD.fullmatch(name))

    @property
    def disputes(self) -> list[str]:
        """Columns of disputes that the report needs."""
        return sorted(self.plan.sources_of() & {"dispute_state", "dispute_reason"})


async def report_scope(view: View, scope: Scope, plan: ReportPlan, first: date) -> ReportScope:
    """Return the receivables of a report, aged in its bands."""
    page = every_row() if plan.source.name == "aged_balance" else None
    found = await aged(view, scope, bands=plan.bands, page=page)
    where = ScopeWhere(view, scope, "b")
    rows = await view.conn.fetch(
        f"select distinct b.currency from {view.schema}.balance b where {where.sql} order by 1",
        *where.arguments,
    )
    currencies = {row["currency"] for row in rows} | {figures.currency for figures in found.sums}
    return ReportScope(view, scope, plan, first, found, await _moved(view, scope, sorted(currencies)))


async def _moved(view: View, scope: Scope, currencies: list[str]) -> tuple[str, ...]:
    """Return the currencies that had a movement at the dates of the question, so that an old answer stays the same."""
    where = ScopeWhere(view, scope, "m", packed=True).counted().add("m.currency = c.currency")
    rows = await view.conn.fetch(
        f"""select c.currency from unnest({where.arguments.add(currencies)}::text[]) c(currency)
            cross join lateral (select from {view.schema}.movement m where {where.sql} limit 1) m order by 1""",
        *where.arguments,
    )
    return tuple(row["currency"] for row in rows)


async def source_rows(books: ReportScope) -> SourceRows:
    """Iterate over the rows of the source, some at a time."""
    parties = ReportParties(books.view, books.fields, books.scope.collectors)
    of_invoices = [
        (columns, found)
        for columns, found in ((books.invoice_fields, invoice_fields), (books.disputes, dispute_columns))
        if columns
    ]
    async for rows in ROWS[books.plan.source.name](books):
        if books.plan.source.by_customer:
            await parties.load((row["entity_id"] for row in rows), (row["customer_id"] for row in rows))
            for row in rows:
                row |= parties.columns(row["entity_id"], row["customer_id"])
        else:
            await parties.load((row["entity_id"] for row in rows), ())
            for row in rows:
                row["entity_name"] = parties.columns(row["entity_id"], None)["entity_name"]
        for columns, found in of_invoices:
            known = await found(books.view, [row["invoice_id"] for row in rows])
            for row in rows:
                own = known.get(row["invoice_id"], {})
                row |= {name: own.get(name) for name in columns}
        yield rows


async def _in_chunks(rows: Iterable[dict[str, Any]]) -> SourceRows:
    """Make rows some at a time: other requests of the process have a turn in between."""
    left = iter(rows)
    while chunk := list(islice(left, ROWS_AT_ONCE)):
        yield chunk
        await asyncio.sleep(0)


async def _open_items(books: ReportScope) -> SourceRows:
    on, bands = books.view.time.as_of, books.plan.bands
    async for found in open_items(books.view, books.scope):
        rows = []
        for row in cast("Sequence[Mapping[str, Any]]", found):
            late, owed = days_past_due(row["due_on"], on), row["open_minor"] - row["conceded_minor"]
            rows.append(
                {
                    "entity_id": row["entity"],
                    "customer_id": books.scope.merged.of(row["customer_id"]),
                    "currency": row["currency"],
                    "invoice_id": row["invoice_id"],
                    "number": row["number"],
                    "invoice_salesperson": row["salesperson"],
                    "band": bands.names[bands.index(late)],
                    "state": _state(row, late),
                    "kind": "penalty" if row["is_penalty"] else "invoice",
                    "issued_on": row["issued_on"],
                    "due_on": row["due_on"],
                    "instalment": row["instalment"],
                    "days_past_due": late,
                    "total": row["total_minor"],
                    "outstanding": row["open_minor"],
                    "disputed": row["disputed_minor"],
                    "conceded": row["conceded_minor"],
                    "on_plan": row["planned_minor"],
                    "promised": row["promised_minor"],
                    "placed": row["placed_minor"],
                    "overdue": owed if late > 0 else 0,
                    "collectable": row["open_minor"] - row["disputed_minor"] - row["planned_minor"],
                    "insured": row["insured_minor"],
                }
            )
        yield rows


def _state(row: Mapping[str, Any], late: int) -> str:
    if row["disputed_minor"]:
        return "disputed"
    if row["planned_minor"]:
        return "on_plan"
    return "overdue" if late > 0 else "not_due"


async def _aged_balance(books: ReportScope) -> SourceRows:
    """Iterate over customers. Raises :class:`FiguresDoNotTie` for one whose figures disagree."""
    for start in range(0, len(books.aged.rows), ROWS_AT_ONCE):
        rows = [books.aged.figures(row) for row in books.aged.rows[start : start + ROWS_AT_ONCE]]
        await require_rows_tied(books.view, books.scope, rows)
        yield [
            {
                "entity_id": own.entity,
                "customer_id": own.customer_id or None,
                "currency": own.currency,
                **dict(zip(books.plan.bands.names, own.bands, strict=True)),
                "disputed": own.disputed,
                "conceded": own.conceded,
                "on_plan": own.on_plan,
                "promised": own.promised,
                "placed": own.placed,
                "unapplied": own.unapplied,
                "overdue": own.overdue,
                "outstanding": own.outstanding,
                "insured": own.insured,
            }
            for own in rows
        ]
        await asyncio.sleep(0)


async def _turnover(books: ReportScope) -> SourceRows:
    period = cast("Period", books.plan.document.period or "month")
    creditors = await _creditors(books)
    for currency in books.currencies:
        found = await by_group(books.view, books.scope.within(currency), period, books.first, "account")
        made = (
            {
                "entity_id": creditors.get(account, account),
                "customer_id": account if account in creditors else None,
                "currency": currency,
                "start": each.start,
                "billed": each.billed,
                "credited": each.credited,
                "turnover": each.billed - each.credited,
                "turnover_net": each.net,
                "net_unknown": each.gross,
                "collected": each.collected,
                "reversed": each.reversed,
                "other": each.other,
                "change": each.change,
            }
            for account, periods in sorted((each or "", periods) for each, periods in found.items())
            for each in periods
        )
        async for rows in _in_chunks(made):
            yield rows


async def _creditors(books: ReportScope) -> dict[str, str]:
    """Return the entity of each customer."""
    rows = await books.view.conn.fetch(f"select customer_id, entity from {books.view.schema}.customer")
    return {row["customer_id"]: row["entity"] for row in rows}


async def _payment_delays(books: ReportScope) -> SourceRows:
    on = books.view.time.as_of
    for currency in books.currencies:
        scope = books.scope.within(currency)
        outcomes, books.debts[currency] = await fallen_outcomes(books.view, scope, books.first)
        made = (
            {
                "entity_id": each.entity,
                "customer_id": each.customer_id or None,
                "currency": currency,
                "invoice_id": each.invoice_id,
                "state": _settlement(each, on),
                "issued_on": each.issued_on,
                "due_on": each.due_on,
                "settled_on": each.settled_on,
                "delay_days": None if each.settled_on is None else each.delay_days,
                "days_so_far": each.days_so_far(on),
                "owed": each.owed_minor,
                "uncovered": each.uncovered_minor,
            }
            for each in outcomes
        )
        async for rows in _in_chunks(made):
            yield rows


def _settlement(outcome: DueOutcome, on: date) -> str:
    if outcome.settled_on is None:
        return "open_late" if outcome.due_on < on else "open_not_late"
    return "late" if outcome.delay_days > 0 else "in_time"


async def _collection(books: ReportScope) -> SourceRows:
    for currency in books.currencies:
        months = await collection(books.view, books.scope.within(currency), books.first, "entity", DSO_DAYS)
        yield [
            {
                "entity_id": each.group,
                "currency": currency,
                "start": each.first,
                "end": each.last,
                "opening": each.opening.outstanding_minor,
                "sales": each.sales_minor,
                "closing": each.closing.outstanding_minor,
                "closing_not_due": each.closing.current_minor,
                "closing_overdue": each.closing.overdue_minor,
                "effectiveness": each.effectiveness,
                "overdue_rate": each.closing.overdue_share,
                "dso": each.dso,
            }
            for each in months
        ]


async def _promises(books: ReportScope) -> SourceRows:
    view = books.view
    where = ScopeWhere(view, books.scope, "p").add("p.effective_on <= {}::date", view.time.as_of)
    where.add("p.position <= {}::bigint", view.time.position)
    rows = await view.conn.fetch(
        f"""
        select distinct on (p.promise_id) p.promise_id, p.entity, p.customer_id, p.currency, p.amount_minor,
               p.received_minor, p.promised_on, p.state
        from {view.schema}.promised_payment p where {where.sql} order by p.promise_id, p.position desc
        """,
        *where.arguments,
    )
    yield [
        {
            "entity_id": row["entity"],
            "customer_id": books.scope.merged.of(row["customer_id"]),
            "currency": row["currency"],
            "promise_id": row["promise_id"],
            "state": row["state"],
            "promised_on": row["promised_on"],
            "amount": row["amount_minor"],
            "received": row["received_minor"],
        }
        for row in cast("Sequence[Mapping[str, Any]]", rows)
    ]


async def promised_amount(view: View, scope: Scope) -> int:
    """Return the sum of the promises as they were made, one currency, minor units; none changes its amount later."""
    where = (
        ScopeWhere(view, scope, "p")
        .add("p.state = 'made'")
        .add("p.effective_on <= {}::date", view.time.as_of)
    )
    where.add("p.position <= {}::bigint", view.time.position)
    found: int = await view.conn.fetchval(
        f"""select coalesce(sum(p.amount_minor), 0)::bigint
            from {view.schema}.promised_payment p where {where.sql}""",
        *where.arguments,
    )
    return found


ROWS: dict[str, Callable[[ReportScope], SourceRows]] = {
    "open_items": _open_items,
    "aged_balance": _aged_balance,
    "turnover": _turnover,
    "payment_delays": _payment_delays,
    "collection": _collection,
    "promises": _promises,
}
