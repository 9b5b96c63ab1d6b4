"""Invoices and instalments of every customer in scope, by the funds that cover them at the dates of the question.

What covers what is decided by :mod:`encours.contracts.settlement`, as it is for interest, penalties and the score.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from encours.contracts.books import OWING
from encours.contracts.common import Instalment
from encours.contracts.settlement import DueSchedule, Funds, InvoiceDebt, Settlement, settlements
from encours.reading.where import Arguments
from reporting_svc.domain.measures.delays import AT_RISK_DAYS, CoveredDebts, DueOutcome
from reporting_svc.read_models.receivables.groups import GroupBy, grouping
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID, INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.reading.moment import View

Record = Mapping[str, Any]
_AT_RISK = timedelta(days=AT_RISK_DAYS + 1)
DEBTORS_AT_ONCE = 100
"""Debtors that are settled before other requests of the process have a turn."""
_KINDS = ", ".join(f"'{kind}'" for kind in OWING)
_APPLIED = f"m.payment_id is not null and m.kind not in ({_KINDS})"
"""SQL: movements ``m`` by which payments settle."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Customers with spare funds: of their debts, those that earlier funds cover alone have states."""

    since: Mapping[str, date]
    """First day of the spare funds of each: they take the place of later ones only."""
    spare: Sequence[UUID]
    """Payments with unapplied cash, and invoices whose movements alone do not settle them."""
    invoices: Sequence[UUID]
    """Invoices whose debts have no states, at least these."""


async def covered_debts(view: View, scope: Scope, only: Apart | None = None) -> CoveredDebts:
    """Return them with what else is outstanding; ``only`` those that have no states. One currency."""
    found = CoveredDebts()
    if only is not None and not only.since:
        return found
    invoices = _by_debtor(scope, await _invoices(view, scope, only))
    funds = _by_debtor(scope, await _funds(view, scope, only))
    schedules = _schedules(await _instalments(view, scope, only))
    stated: Mapping[str, date] = {} if only is None else only.since
    for n, debtor in enumerate(invoices | funds):
        if n % DEBTORS_AT_ONCE == 0:
            await asyncio.sleep(0)
        before = stated.get(debtor[1], date.min)
        add_debtor(found, debtor, invoices.get(debtor, []), funds.get(debtor, []), schedules, before)
    return found


async def group_names(view: View, scope: Scope, by: GroupBy) -> dict[str, str | None]:
    """Return the group of each customer, by id."""
    args = Arguments()
    group = grouping(args, view, scope, by, "c")
    rows = await view.conn.fetch(
        f"select c.customer_id, {group.value} as value from {view.schema}.customer c {group.join}", *args
    )
    return {row["customer_id"]: row["value"] for row in rows}


async def customer_names(view: View, customers: Sequence[str]) -> dict[str, str]:
    """Return the names of customers, by id."""
    rows = await view.conn.fetch(
        f"select customer_id, name from {view.schema}.customer where customer_id = any($1::text[])",
        list(customers),
    )
    return {row["customer_id"]: row["name"] for row in rows}


async def _invoices(view: View, scope: Scope, only: Apart | None) -> list[Record]:
    where = ScopeWhere(view, scope, "m", packed=True).counted()
    if only is not None:
        where.add("m.invoice_id = any({}::uuid[])", [*only.invoices, *only.spare])
    rows = await view.conn.fetch(
        f"""
        select i.invoice_id, i.entity, i.customer_id, i.issued_on, i.due_on, i.is_penalty, s.given_up_minor,
               s.contested_minor, s.conceded_minor, s.owed_minor
        from (
            select m.invoice_id,
                   coalesce(-sum(m.item_minor) filter (where m.kind not in ({_KINDS}) and m.payment_id is null), 0)
                       ::bigint as given_up_minor,
                   sum(m.contested_minor)::bigint as contested_minor, sum(m.conceded_minor)::bigint as conceded_minor,
                   (coalesce(sum(m.item_minor) filter (where m.kind in ({_KINDS})), 0) - sum(m.conceded_minor))::bigint
                       as owed_minor
            from {view.schema}.movement m where m.invoice_id is not null and {where.sql}
            group by m.invoice_id
        ) s join {view.schema}.item i on i.invoice_id = s.invoice_id
        order by i.due_on, i.invoice_id
        """,
        *where.arguments,
    )
    return cast("list[Record]", rows)


async def _funds(view: View, scope: Scope, only: Apart | None) -> list[Record]:
    """Return sums by invoice and payment, without an invoice for what is unapplied; ``only`` for the invoices without
    states, and the cash of the payments that have some left.
    """
    where = ScopeWhere(view, scope, "m", packed=True).counted().add("m.payment_id is not null")
    invoice_id, cash_minor = "m.invoice_id", "m.cash_minor"
    if only is not None:
        invoices = f"{where.arguments.add([*only.invoices, *only.spare])}::uuid[]"
        is_spare = f"m.payment_id = any({where.arguments.add(only.spare)}::uuid[])"
        where.add(f"(m.invoice_id = any({invoices}) or {is_spare})")
        invoice_id = f"case when m.invoice_id = any({invoices}) then m.invoice_id end"
        cash_minor = f"case when {is_spare} then m.cash_minor else 0 end"
    rows = await view.conn.fetch(
        f"""
        select {ENTITY_ID.sql("entity")} as entity, {CUSTOMER_ID.sql("customer_id")} as customer_id, invoice_id,
               payment_id, sum(cash_minor)::bigint as cash_minor, max(available_on) as available_on,
               coalesce(-sum(settled_minor) filter (where invoice_id is not null), 0)::bigint as applied_minor
        from (
            select m.entity, m.customer_id, {invoice_id} as invoice_id, m.payment_id, {cash_minor} as cash_minor,
                   m.available_on, case when {_APPLIED} then m.item_minor end as settled_minor
            from {view.schema}.movement m where {where.sql}
        ) m
        group by m.entity, m.customer_id, m.invoice_id, m.payment_id
        having m.invoice_id is not null or sum(cash_minor) <> 0
        order by m.entity, m.customer_id, m.invoice_id, m.payment_id
        """,
        *where.arguments,
    )
    return cast("list[Record]", rows)


async def _instalments(view: View, scope: Scope, only: Apart | None) -> list[Record]:
    where = ScopeWhere(view, scope, "i").add("i.schedule is not null")
    if only is not None:
        where.add("i.invoice_id = any({}::uuid[])", [*only.invoices, *only.spare])
    where.add(where.counts("l"))
    rows = await view.conn.fetch(
        f"""
        select l.invoice_id, l.position, l.effective_on, l.due_on, l.upto_minor
        from {view.schema}.item_instalment l join {view.schema}.item i on i.invoice_id = l.invoice_id
        where {where.sql} order by l.position, l.due_on
        """,
        *where.arguments,
    )
    return cast("list[Record]", rows)


def _by_debtor(scope: Scope, rows: Sequence[Record]) -> dict[tuple[str, str], list[Record]]:
    """Return the rows by entity and debtor; all merged records are one debtor."""
    found: dict[tuple[str, str], list[Record]] = {}
    for row in rows:
        found.setdefault((row["entity"], scope.merged.of(row["customer_id"])), []).append(row)
    return found


def _schedules(rows: Sequence[Record]) -> dict[Any, list[DueSchedule]]:
    found: dict[Any, list[DueSchedule]] = {}
    key = itemgetter("position", "invoice_id", "effective_on")
    for (_, invoice_id, agreed_on), agreed in groupby(rows, key=key):
        ends = list(agreed)
        amounts = (later - earlier for earlier, later in pairwise([0, *(row["upto_minor"] for row in ends)]))
        parts = (
            Instalment(due_on=row["due_on"], amount_minor=m) for row, m in zip(ends, amounts, strict=True)
        )
        found.setdefault(invoice_id, []).append(DueSchedule(agreed_on, tuple(parts)))
    return found


def add_debtor(
    found: CoveredDebts,
    debtor: tuple[str, str],
    invoices: Sequence[Record],
    payments: Sequence[Record],
    schedules: Mapping[Any, Sequence[DueSchedule]],
    stated_before: date = date.min,
) -> None:
    """Add what a debtor owes, by its invoices and payments as the queries return them. What is paid beyond the amount
    owed covers other debts first, and is spare cash once.

    Debts that were settled before a day are left out, as they have states; not those whose state would be beside what
    was conceded or given up of the invoice.
    """
    applied, unapplied, unfunded = _available(payments)
    debts = {row["invoice_id"]: _debt(row, applied, unfunded, schedules) for row in invoices}
    settled = settlements(debts.values(), unapplied)
    entity, customer_id = debtor
    owed_minor = credit_minor = 0
    for row in invoices:
        beside = row["conceded_minor"] or debts[row["invoice_id"]].given_up_minor
        for n, part in enumerate(_parts(settled[row["invoice_id"]])):
            owed_minor += max(0, part.owed_minor)
            credit_minor += max(0, -part.owed_minor)
            if row["is_penalty"]:
                found.penalties_minor += max(0, part.uncovered_minor)
            if part.owed_minor > 0 and not (
                part.settled_on is not None and part.settled_on < stated_before and (n > 0 or not beside)
            ):
                outcome = DueOutcome(
                    entity, customer_id, row["issued_on"], part.due_on, part.owed_minor, max(0, part.uncovered_minor),
                    part.settled_on, part.uncovered_before(part.due_on + _AT_RISK), part.funds,
                    INVOICE_ID.unpack(row["invoice_id"]) or "",
                )  # fmt: skip
                (found.penalties if row["is_penalty"] else found.outcomes).append(outcome)
    found.conceded_minor += sum(row["conceded_minor"] for row in invoices)
    found.given_up_minor += sum(debt.given_up_minor for debt in debts.values())
    cash_minor = sum(part.amount_minor for part in unapplied)
    funds_minor = cash_minor + sum(part.amount_minor for debt in debts.values() for part in debt.applied)
    # Money that was not available on any day covers nothing.
    never_minor = sum(row["cash_minor"] for row in payments) - cash_minor
    found.spare_cash_minor += max(0, funds_minor - owed_minor) + credit_minor + never_minor


def _parts(settled: Settlement) -> Sequence[Settlement]:
    return settled.periods[0].parts if settled.periods else (settled,)


def _available(payments: Sequence[Record]) -> tuple[dict[Any, list[Funds]], list[Funds], Counter[Any]]:
    """Return the payments of each invoice, and the unapplied cash, with the days on which they were available; then
    what else payments settle of each invoice, which is no money that was available on any day.
    """
    cash: dict[Any, int] = {}
    days: dict[Any, date] = {}
    for row in payments:
        cash[row["payment_id"]] = cash.get(row["payment_id"], 0) + row["cash_minor"]
        if row["available_on"] is not None:
            days[row["payment_id"]] = min(days.get(row["payment_id"], date.max), row["available_on"])
    applied: dict[Any, list[Funds]] = {}
    unfunded = Counter[Any]()
    for row in payments:
        if row["applied_minor"] > 0 and row["payment_id"] in days:
            funds = Funds(days[row["payment_id"]], row["applied_minor"])
            applied.setdefault(row["invoice_id"], []).append(funds)
        else:
            unfunded[row["invoice_id"]] += row["applied_minor"]
    unapplied = [
        Funds(days[payment], minor) for payment, minor in cash.items() if minor > 0 and payment in days
    ]
    return applied, unapplied, unfunded


def _debt(
    row: Record,
    applied: Mapping[Any, Sequence[Funds]],
    unfunded: Counter[Any],
    schedules: Mapping[Any, Sequence[DueSchedule]],
) -> InvoiceDebt:
    funds = tuple(applied.get(row["invoice_id"], ()))
    return InvoiceDebt(
        invoice_id=row["invoice_id"],
        due_on=row["due_on"],
        owed_minor=row["owed_minor"],
        contested_minor=row["contested_minor"] - row["conceded_minor"],
        given_up_minor=row["given_up_minor"] + unfunded[row["invoice_id"]],
        applied=funds,
        schedules=tuple(schedules.get(row["invoice_id"], ())),
    )
