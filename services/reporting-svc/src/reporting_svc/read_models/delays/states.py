"""States of debts at the dates of a question, from those that subtotals keep.

Only debts that the question sees in another state than the end of the chain are looked at one by one, in SQL. What
spare funds may cover has no state: :mod:`.query` settles it one by one, as it settles all debts without subtotals.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from encours.contracts.parties import Survivors
from encours.contracts.settlement import Funds
from encours.reading.where import Arguments
from reporting_svc.domain.measures.delays import DueOutcome
from reporting_svc.read_models.debts.columns import PACKED_FROM
from reporting_svc.read_models.debts.states import STATE, in_force_sql, moved_sql, states_sql, touched_sql
from reporting_svc.read_models.delays.query import Apart
from reporting_svc.read_models.receivables.counted import Counted
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID, INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.subtotals import ACCOUNT_KEY, known_to

if TYPE_CHECKING:
    from encours.reading.moment import View

ItemCondition = Callable[[Arguments], str]
"""SQL: a condition on invoices ``i``, with its values among the arguments. One in instalments is there with each
``due_on`` that it or an instalment ever had."""
ALONE = "coalesce(conceded_minor, given_up_minor) is null"
"""SQL: the row of a state has nothing but the debt itself."""
_FUNDS = struct.Struct(">iq")


async def stated_outcomes(
    view: View, scope: Scope, apart: Apart, which: ItemCondition, *, penalties: bool = False
) -> list[DueOutcome]:
    """Return the debts of some invoices that have a state: of customers ``apart``, those that were settled before.

    Those of penalty documents too, if ``penalties`` is set.
    """
    where = ScopeWhere(view, scope, "m", packed=True).counted()
    args, schema = where.arguments, view.schema
    condition, columns = which(args), "i.invoice_id, i.due_on, i.issued_on, i.is_penalty"
    wanted = "true" if penalties else "not i.is_penalty"
    chosen = f"""(
        select {columns}, null::bigint as schedule from {schema}.item i
        where i.schedule is null and {wanted} and {condition}
        union all
        select {columns}, s.schedule
        from {schema}.item i cross join lateral {in_force_sql(schema, "i.invoice_id", schedule=where.counts("l"))} s
        where i.invoice_id in (
            select i.invoice_id from (
                select i.invoice_id, i.customer_id, i.issued_on, d.due_on
                from {schema}.item i cross join lateral (
                    select i.due_on
                    union all select l.due_on from {schema}.item_instalment l where l.invoice_id = i.invoice_id
                ) d where i.schedule is not null and {wanted}
            ) i where {condition}))"""
    moved = moved_sql(schema, chosen, where.sql, fence="")
    states = states_sql(schema, f"({moved}) moved", 1)
    customers = args.add([CUSTOMER_ID.pack(each) for each in apart.since])
    days = args.add(list(apart.since.values()))
    rows = await view.conn.fetch(
        f"""select s.* from ({states}) s
            left join unnest({customers}::uuid[], {days}::date[]) a(customer_id, since) using (customer_id)
            where owed_minor > 0 and (since is null or (settled_on < since and {ALONE}))""",
        *args,
    )
    return [_outcome_of(row, scope.merged) for row in rows]


def _outcome_of(row: Any, merged: Survivors) -> DueOutcome:
    customer_id = merged.of(CUSTOMER_ID.unpack(row["customer_id"]) or "")
    funds = funds_of(row["funds"], row["settled_on"], row["owed_minor"])
    return DueOutcome(
        ENTITY_ID.unpack(row["entity"]) or "", customer_id, row["issued_on"], row["due_on"],
        row["owed_minor"], row["uncovered_minor"] or 0, row["settled_on"], row["unpaid_90_minor"] or 0, funds,
        INVOICE_ID.unpack(row["invoice_id"]) or "",
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
    """Return the states that differ from those at the end of the chain, the old ones with ``times`` -1, and the
    customers with spare funds, of whose invoices only those without a state are known here.
    """
    nothing = ", ".join(["null"] * (STATE.count(",") + 1))
    rows = await sums.view.conn.fetch(
        f"""with {_ctes(sums)}
            select {", ".join(ACCOUNT_KEY)}, {STATE}, times, null::date as since, null::uuid as spare_id
            from changed where spare_id is null
            union all select null, customer_id, null, {nothing}, null, since, null from apart
            union all select null, null, null, {nothing}, null, null, unnest(ids) from spare""",
        *sums.args,
    )
    since = {
        CUSTOMER_ID.unpack(row["customer_id"]) or "": row["since"] for row in rows if row["since"] is not None
    }
    spare = [row["spare_id"] for row in rows if row["spare_id"] is not None]
    return [row for row in rows if row["times"]], Apart(_of_debtors(since, sums.scope.merged), spare, ())


def _of_debtors(since: Mapping[str, date], merged: Survivors) -> dict[str, date]:
    """Return the first day of the spare funds of each debtor for all its records."""
    days: dict[str, date] = {}
    for customer_id, day in since.items():
        debtor = merged.of(customer_id)
        days[debtor] = min(day, days.get(debtor, day))
    records = {each for pair in merged.merged.items() for each in pair if CUSTOMER_ID.is_kind(each)}
    return {**since, **{each: days[merged.of(each)] for each in records if merged.of(each) in days}}


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
    # Without a condition on the payment, for which the planner would read the whole index on it.
    cash = sums.beside(f"m.{', m.'.join(ACCOUNT_KEY)}, m.payment_id, m.cash_minor", "m.cash_minor <> 0")
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
                    union all select {account}, payment_id, sign * cash_minor from ({cash}) cash
                ) spare group by {account}, spare_id having sum(times) <> 0
            ) spare group by customer_id
        ),
        apart as materialized (
            select customer_id, (
                select coalesce(min(m.available_on), 'infinity') from {schema}.movement m
                where m.customer_id = s.customer_id and m.payment_id is not null
                  and (m.payment_id = any(s.ids) or m.invoice_id = any(s.ids))
            ) as since from spare s
        )
    """
