"""States of debts at the dates of a question, from those that subtotals keep.

Only debts that the question sees in another state than the end of the chain are looked at one by one, in SQL. Customers
with spare funds and merged ones have no states: :mod:`.query` settles their debts one by one, as it settles all without
subtotals.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from encours.contracts.settlement import Funds
from encours.reading.where import Arguments
from reporting_svc.domain.measures.delays import DueOutcome
from reporting_svc.read_models.debts.states import STATE, in_force_sql, moved_sql, states_sql, touched_sql
from reporting_svc.read_models.delays.query import Apart, covered_debts
from reporting_svc.read_models.receivables.counted import Counted, counted
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID, INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.subtotals import ACCOUNT_KEY, chain_for, known_to

if TYPE_CHECKING:
    from encours.reading.moment import View

ItemCondition = Callable[[Arguments], str]
"""SQL: a condition on invoices ``i``, with its values among the arguments. One in instalments is there with each
``due_on`` that it or an instalment ever had."""
ALONE = "coalesce(conceded_minor, given_up_minor) is null"
"""SQL: the row of a state has nothing but the debt itself."""
_FUNDS = struct.Struct(">iq")
PACKED_FROM = date(2000, 1, 1).toordinal()
"""Day from which PostgreSQL counts; an ordinal."""


async def outcomes_of(view: View, scope: Scope, which: ItemCondition) -> list[DueOutcome]:
    """Return the debts of some invoices, and of others that are settled one by one anyhow. One currency."""
    if not (await chain_for(view, scope, "debt")).added:
        return (await covered_debts(view, scope)).outcomes
    only = await unsettled_customers(view, scope)
    covered = await covered_debts(view, scope, only)
    return [*covered.outcomes, *await stated_outcomes(view, scope, only, which)]


async def unsettled_customers(view: View, scope: Scope) -> Apart:
    """Return the customers whose debts have no states."""
    return (await changed_states(await counted(Arguments(), view, scope, "debt")))[1]


async def stated_outcomes(view: View, scope: Scope, apart: Apart, which: ItemCondition) -> list[DueOutcome]:
    """Return the debts of some invoices that have a state: of customers ``apart``, those that were settled before."""
    where = ScopeWhere(view, scope, "m", packed=True).counted()
    args, schema = where.arguments, view.schema
    condition, columns = which(args), "i.invoice_id, i.due_on, i.issued_on, i.is_penalty"
    chosen = f"""(
        select {columns}, null::bigint as schedule from {schema}.item i
        where i.schedule is null and not i.is_penalty and {condition}
        union all
        select {columns}, s.schedule
        from {schema}.item i cross join lateral {in_force_sql(schema, "i.invoice_id", schedule=where.counts("l"))} s
        where i.invoice_id in (
            select i.invoice_id from (
                select i.invoice_id, i.customer_id, i.issued_on, d.due_on
                from {schema}.item i cross join lateral (
                    select i.due_on
                    union all select l.due_on from {schema}.item_instalment l where l.invoice_id = i.invoice_id
                ) d where i.schedule is not null and not i.is_penalty
            ) i where {condition}))"""
    moved = moved_sql(schema, chosen, where.sql, fence="")
    states = states_sql(schema, f"({moved}) moved", 1, "invoice_id")
    customers, days = args.add(list(apart)), args.add(list(apart.values()))
    rows = await view.conn.fetch(
        f"""select s.* from ({states}) s
            left join unnest({customers}::uuid[], {days}::date[]) a(customer_id, since) using (customer_id)
            where owed_minor > 0 and (since is null or (settled_on < since and {ALONE}))""",
        *args,
    )
    return [outcome_of(row) for row in rows]


def outcome_of(row: Any) -> DueOutcome:
    """Return the debt of a row of states with the invoice as ``spare_id``."""
    funds = funds_of(row["funds"], row["settled_on"], row["owed_minor"])
    return DueOutcome(
        ENTITY_ID.unpack(row["entity"]) or "", CUSTOMER_ID.unpack(row["customer_id"]) or "", row["issued_on"],
        row["due_on"], row["owed_minor"], row["uncovered_minor"] or 0, row["settled_on"],
        row["unpaid_90_minor"] or 0, funds, INVOICE_ID.unpack(row["spare_id"]) or "",
    )  # fmt: skip


def funds_of(packed: bytes | None, settled_on: date | None, owed_minor: int) -> tuple[Funds, ...]:
    """Return the funds of a debt that its state holds."""
    if packed is not None:
        return tuple(Funds(date.fromordinal(PACKED_FROM + day), m) for day, m in _FUNDS.iter_unpack(packed))
    return () if settled_on is None else (Funds(settled_on, owed_minor),)


def packed_funds(row: Any) -> bytes:
    """Return the funds of a state as columns have them."""
    if row["funds"] is not None or row["settled_on"] is None:
        return row["funds"] or b""
    return _FUNDS.pack(row["settled_on"].toordinal() - PACKED_FROM, row["owed_minor"])


async def changed_states(sums: Counted) -> tuple[list[Any], Apart]:
    """Return the states that differ from those at the end of the chain, the old ones with ``times`` below zero, and the
    customers whose debts have none.
    """
    rows = await sums.view.conn.fetch(
        f"""with {_ctes(sums)}
            select {", ".join(ACCOUNT_KEY)}, {STATE}, times, null::date as since from changed where spare_id is null
            union all
            select null, customer_id, null, {", ".join(["null"] * (STATE.count(",") + 1))}, null, since from apart""",
        *sums.args,
    )
    return [row for row in rows if row["times"]], {
        row["customer_id"]: row["since"] for row in rows if not row["times"]
    }


def _ctes(sums: Counted) -> str:
    """SQL: the states that are ``changed``, and the customers that are ``apart``, each ``since`` a day."""
    view, scope, args = sums.view, sums.scope, sums.args
    schema, account = view.schema, ", ".join(ACCOUNT_KEY)
    end, known = f"{args.add(sums.chain.upto)}::bigint", f"{args.add(known_to(view.time))}::bigint"
    beside = sums.beside("m.invoice_id", "m.invoice_id is not null")
    asked = f"position <= {known} and effective_on <= {args.add(view.time.as_of)}::date"
    ids = f"""select invoice_id from ({beside}) beside
              union select invoice_id from {schema}.item_instalment where (position <= {end}) <> ({asked})"""
    where = ScopeWhere(view, scope, "m", args, packed=True).add(f"m.position <= greatest({end}, {known})")
    then = f"(select *, before as schedule from moved where position <= {end}) moved"
    now = f"(select *, after as schedule from moved where {asked}) moved"
    cash = sums.beside(
        f"m.{', m.'.join(ACCOUNT_KEY)}, m.payment_id, m.cash_minor", "m.payment_id is not null"
    )
    touching = {each for pair in scope.merged.merged.items() for each in pair}
    merged = [CUSTOMER_ID.pack(each) for each in touching if CUSTOMER_ID.is_kind(each)]
    return f"""
        touched as materialized ({touched_sql(schema, ids, before=f"l.position <= {end}", after=asked)}),
        moved as materialized ({moved_sql(schema, "touched", where.sql)}),
        changed as materialized (
            {states_sql(schema, now, 1)}
            union all {states_sql(schema, then, -1)}
        ),
        spare as materialized (
            select customer_id, array_agg(spare_id) as ids from (
                select {account}, spare_id from (
                    select {account}, spare_id, times from ({sums.spare()}) spare
                    union all select {account}, spare_id, times from changed where spare_id is not null
                    union all select {account}, payment_id, sign * cash_minor from ({cash}) cash where cash_minor <> 0
                ) spare group by {account}, spare_id having sum(times) <> 0
            ) spare group by customer_id
        ),
        apart as materialized (
            select customer_id, min(since) as since from (
                select customer_id, (
                    select case when bool_or(m.available_on is null) then '-infinity'
                                else coalesce(min(m.available_on), 'infinity') end
                    from {schema}.movement m where m.customer_id = s.customer_id and m.payment_id is not null
                      and (m.payment_id = any(s.ids) or m.invoice_id = any(s.ids))
                ) as since from spare s
                union all select unnest({args.add(merged)}::uuid[]), '-infinity'
            ) each group by customer_id
        )
    """
