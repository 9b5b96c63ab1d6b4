"""Debts of a scope with their history, promises and plans, as of the day of the question and known at its moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from encours.reading.insolvency import insolvent
from encours.reading.where import Arguments
from reporting_svc.domain.forecast.debts import PaidDebts
from reporting_svc.domain.forecast.owed import (
    Expectable,
    ExpectedPart,
    Outlook,
    PaymentPromise,
    Schedule,
    expectable,
)
from reporting_svc.read_models.delays.query import group_names
from reporting_svc.read_models.forecast.history import paid_debts
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.parts import parts_then
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.reading.moment import View


@dataclass(frozen=True, slots=True)
class ForecastBasis:
    """Debts that can be expected in a scope, and the history of all in the caller's grant, in one currency."""

    owed: Expectable
    history: PaidDebts
    within: frozenset[str] | None
    """Debtors of the scope; None for all."""


async def forecast_basis(view: View, scope: Scope) -> ForecastBasis:
    """Return the debts of the scope, and the history of all debtors, to which theirs is shrunk."""
    everyone = scope.everyone()
    names = await group_names(view, everyone, "segment")
    segments = {customer: segment for customer, segment in names.items() if segment}
    outlook = Outlook(
        segments=segments,
        promises=await _promises(view, everyone),
        plans=await _plans(view, scope),
        in_proceedings={
            scope.merged.of(customer)
            for customer in await insolvent(view.conn, view.schema, view.time.as_of, view.time.position)
        },
    )
    parts, cash = await _owed(view, scope), await _cash(view, scope)
    # Apart from the event loop, and while the database reads the history.
    owed, history = await asyncio.gather(
        asyncio.to_thread(expectable, parts, cash, outlook, view.time.as_of),
        paid_debts(view, everyone, segments),
    )
    within = None if everyone == scope else await _debtors(view, scope)
    return ForecastBasis(owed, history, within)


async def _debtors(view: View, scope: Scope) -> frozenset[str]:
    """Return the debtors of a scope, of some of which nothing may be known yet."""
    where = ScopeWhere(view, scope, "i")
    rows = await view.conn.fetch(
        f"select distinct i.customer_id from {view.schema}.item i where {where.sql}", *where.arguments
    )
    return frozenset(scope.merged.of(row["customer_id"]) for row in rows)


async def _owed(view: View, scope: Scope) -> list[ExpectedPart]:
    args = Arguments()
    rows = await view.conn.fetch(
        f"""
        select {INVOICE_ID.sql("p.invoice_id")} as invoice_id, p.customer_id, p.due_on, p.open_minor,
               p.disputed_minor, p.planned_minor, p.is_penalty
        from ({await parts_then(args, view, scope)}) p where p.open_minor <> 0
        """,
        *args,
    )
    return [
        ExpectedPart(
            scope.merged.of(row["customer_id"]), row["invoice_id"], row["due_on"], row["open_minor"],
            row["disputed_minor"], row["planned_minor"], row["is_penalty"],
        )
        for row in rows
    ]  # fmt: skip


async def _cash(view: View, scope: Scope) -> dict[str, int]:
    """Return the unapplied cash of each debtor; that of unknown payers has the debtor ``''``."""
    args = Arguments()
    accounts = (await counted(args, view, scope, "account")).accounts()
    rows = await view.conn.fetch(
        f"""
        select {CUSTOMER_ID.sql("m.customer_id")} as customer_id, sum(m.cash_minor)::bigint as cash_minor
        from ({accounts}) m group by m.customer_id having sum(m.cash_minor) <> 0
        """,
        *args,
    )
    found: dict[str, int] = {}
    for row in rows:
        debtor = scope.merged.of(row["customer_id"])
        found[debtor] = found.get(debtor, 0) + row["cash_minor"]
    return found


async def _promises(view: View, scope: Scope) -> list[PaymentPromise]:
    """Return each promise by its last event that counts and was known."""
    where = ScopeWhere(view, scope, "p").add("p.effective_on <= {}::date", view.time.as_of)
    where.add("p.position <= {}::bigint", view.time.position)
    rows = await view.conn.fetch(
        f"""
        select distinct on (p.promise_id) p.customer_id, p.invoice_ids, p.amount_minor, p.promised_on, p.state
        from {view.schema}.promised_payment p where {where.sql} order by p.promise_id, p.position desc
        """,
        *where.arguments,
    )
    return [
        PaymentPromise(
            scope.merged.of(row["customer_id"]), tuple(row["invoice_ids"]), row["amount_minor"],
            row["promised_on"], row["state"],
        )
        for row in rows
    ]  # fmt: skip


async def _plans(view: View, scope: Scope) -> dict[str, Schedule]:
    """Return the instalments of each debtor's plans in force, by the last schedule that was agreed."""
    where = ScopeWhere(view, scope, "p").add("p.effective_on <= {}::date", view.time.as_of)
    where.add("p.position <= {}::bigint", view.time.position)
    rows = await view.conn.fetch(
        f"""
        select p.plan_id, p.customer_id, p.in_force, p.schedule
        from {view.schema}.plan_schedule p where {where.sql} order by p.plan_id, p.position
        """,
        *where.arguments,
    )
    agreed: dict[str, tuple[str, list[str]]] = {}
    in_force: dict[str, bool] = {}
    for row in rows:
        in_force[row["plan_id"]] = row["in_force"]
        if row["schedule"]:
            agreed[row["plan_id"]] = scope.merged.of(row["customer_id"]), row["schedule"]
    found: dict[str, list[tuple[date, int]]] = {}
    for plan_id, (debtor, schedule) in agreed.items():
        if in_force[plan_id]:
            instalments = (each.split(" ") for each in schedule)
            found.setdefault(debtor, []).extend((date.fromisoformat(day), int(m)) for day, m in instalments)
    return {debtor: sorted(instalments) for debtor, instalments in found.items()}
