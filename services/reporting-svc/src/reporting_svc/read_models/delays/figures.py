"""Delays of all debts at the dates of a question, from the states of debts that subtotals keep.

Only debts that the question sees in another state than the end of the chain are looked at one by one, in SQL. Accounts
with spare funds, merged debtors and invoices in instalments are settled as :mod:`.query` settles all without subtotals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal

from encours.reading.where import Arguments
from reporting_svc.domain.measures.delays import (
    AT_RISK_DAYS,
    NOT_SHOWN,
    CustomerPace,
    DelayFigures,
    Delays,
    DueOutcome,
)
from reporting_svc.read_models.delays.query import OneByOne, covered_debts, group_names
from reporting_svc.read_models.receivables.counted import Counted, counted
from reporting_svc.read_models.receivables.debts import DEBT_AMOUNTS, moved_sql, states_sql, touched_sql
from reporting_svc.read_models.receivables.groups import Grouping
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere
from reporting_svc.read_models.receivables.subtotals import ACCOUNT_KEY, chain_for, known_to

if TYPE_CHECKING:
    from encours.reading.moment import View

DelayGroup = Literal["month", "entity", "segment", "salesperson", "collector", "customer"]
MOST_GROUPS = 500
_UNSETTLED = "coalesce(uncovered_minor, conceded_minor, given_up_minor) is not null"
"""SQL: not of the debts that were settled, which count no longer once they are old."""
_DUE, _SETTLED, _LATE, _EARLIER = range(4)
"""Debts that fell due: open on their day, settled, open and late, and open and late since before the first day."""


async def delay_figures(view: View, scope: Scope, first: date, by: DelayGroup) -> DelayFigures:
    """Return the delays of debts that fell due from a day on, by group. One currency.

    Of customers as groups, the first :data:`MOST_GROUPS`.
    """
    found = DelayFigures(first, view.time.as_of)
    names = await group_names(view, scope, by) if by in ("segment", "salesperson", "collector") else {}
    group = _group(by, names)
    if not (await chain_for(view, scope, "debt")).added:
        found.add_covered(await covered_debts(view, scope), group)
        return found
    if by == "customer":
        # The delays of 20,000 groups would only be read to leave nearly all of them out.
        every = DelayFigures(first, view.time.as_of)
        every.add_covered(
            await covered_debts(view, scope, await count_states(every, view, scope, by, {})), group
        )
        names = {each: each for each in sorted(every.customers)[:MOST_GROUPS]}
    one_by_one = await count_states(found, view, scope, by, names)
    found.add_covered(await covered_debts(view, scope, one_by_one), group)
    return found


def _group(by: DelayGroup, names: Mapping[str, str | None]) -> Callable[[DueOutcome], str | None]:
    match by:
        case "month":
            return lambda outcome: outcome.due_on.isoformat()[:7]
        case "entity":
            return lambda outcome: outcome.entity
        case "customer":
            return lambda outcome: outcome.customer_id
        case _:
            return lambda outcome: names.get(outcome.customer_id)


async def count_states(
    found: DelayFigures, view: View, scope: Scope, by: DelayGroup, names: Mapping[str, str | None]
) -> OneByOne:
    """Count the debts that have a state, and return those that have none."""
    args, on = Arguments(), found.on
    debts = _debts(await counted(args, view, scope, "debt"), found.first)
    group = _group_sql(args, by, names)
    day, first = f"{args.add(on)}::date", f"{args.add(found.first)}::date"
    months = [
        date(year, month, 1)
        for year in range(min(found.first, on).year, on.year + 1)
        for month in range(1, 13)
    ]
    month = f"width_bucket({{}}, {args.add(months)}::date[])"
    old = f"due_on + {AT_RISK_DAYS} <= {day}"
    amounts = ", ".join(DEBT_AMOUNTS)
    rows = await view.conn.fetch(
        f"""
        with {debts}, fallen as (
            select customer_id, due_on, issued_on, is_penalty, {amounts}, times, {group.value} as value, case
                when is_penalty or owed_minor = 0 or due_on > {day} then null
                when due_on < {first} then case when settled_on is null then {_EARLIER} end
                when settled_on is not null then {_SETTLED} when due_on < {day} then {_LATE} else {
            _DUE
        } end as kind,
                case when settled_on is null then {
            day
        } else greatest(settled_on, issued_on) end - due_on as days,
                case when settled_on is null then uncovered_minor else owed_minor end as minor
            from debts d {group.join}
        )
        select 0, kind, value, {month.format("due_on")}, days, null::uuid, {
            _bigints("sum(times)", "sum(times * minor)")
        }
        from fallen where kind is not null group by 2, 3, 4, 5
        union all
        select 1, null, null, null, null, customer_id, {
            _bigints(
                f"sum(times) filter (where kind = {_SETTLED})",
                f"sum(times) filter (where kind = {_LATE})",
                f"sum(times * days) filter (where kind <> {_DUE})",
                "sum(times)",
            )
        }
        from fallen where kind <> {_EARLIER} group by customer_id
        union all
        select 2, null, value, {month.format("issued_on")}, null, null, {
            _bigints(
                "sum(times * owed_minor) filter (where not is_penalty)",
                f"sum(times * uncovered_minor) filter (where not is_penalty and due_on < {day})",
                f"sum(times * uncovered_minor) filter (where not is_penalty and due_on >= {day})",
                f"sum(times * owed_minor) filter (where not is_penalty and {old})",
                f"sum(times * unpaid_90_minor) filter (where not is_penalty and {old})",
                "sum(times * uncovered_minor) filter (where is_penalty)",
                "sum(times * conceded_minor)",
                "sum(times * given_up_minor)",
            )
        }
        from fallen group by 3, 4
        union all
        select 3, null, null, null, null, customer_id, {_bigints()} from unsettled
        """,
        *args,
    )
    apart = []
    for part, kind, value, place, days, customer_id, *sums in rows:
        match part:
            case 0:
                _add_cell(
                    found, kind, _named(by, value, months[place - 1]), months[place - 1], days, *sums[:2]
                )
            case 1 if sums[3]:
                pace = found.customers.setdefault(CUSTOMER_ID.unpack(customer_id) or "", CustomerPace())
                pace.count(sums[0] or 0, sums[1] or 0, sums[2] or 0)
            case 2:
                issued = months[place - 1] if place else date.min
                _add_month(found, _named(by, value, issued), issued, [each or 0 for each in sums])
            case 3:
                apart.append(customer_id)
    return OneByOne(apart)


def _bigints(*columns: str) -> str:
    """SQL: eight columns, those that are not given null."""
    return ", ".join(f"({each})::bigint" for each in (*columns, *["null"] * (8 - len(columns))))


def _debts(sums: Counted, first: date) -> str:
    """SQL: ``debts`` with the states at the dates of the question, and the customers that are ``unsettled``."""
    view, scope, args = sums.view, sums.scope, sums.args
    schema, account = view.schema, ", ".join(ACCOUNT_KEY)
    end, known = f"{args.add(sums.chain.upto)}::bigint", f"{args.add(known_to(view.time))}::bigint"
    beside = sums.beside("m.invoice_id", "m.invoice_id is not null")
    ids = f"""select invoice_id from ({beside}) beside
              union select invoice_id from {schema}.item_instalment where position > {end}"""
    where = ScopeWhere(view, scope, "m", args, packed=True).add(f"m.position <= greatest({end}, {known})")
    then = f"(select * from moved where position <= {end}) moved"
    asked = f"(select * from moved where position <= {known} and effective_on <= {args.add(view.time.as_of)}) moved"
    cash = sums.beside(
        f"m.{', m.'.join(ACCOUNT_KEY)}, m.payment_id, m.cash_minor", "m.payment_id is not null"
    )
    touching = {each for pair in scope.merged.merged.items() for each in pair}
    merged = [CUSTOMER_ID.pack(each) for each in touching if CUSTOMER_ID.is_kind(each)]
    begins = f"{args.add(first.replace(day=1))}::date"
    return f"""
        touched as materialized ({touched_sql(schema, ids)}),
        moved as materialized ({moved_sql(schema, "touched", where.sql)}),
        changed as materialized (
            {states_sql(asked, 1, "divided_from is not null")}
            union all {states_sql(then, -1, f"divided_from <= {end}")}
        ),
        unsettled as materialized (
            select customer_id from (
                select {account}, spare_id, times from ({sums.debts()}) d where spare_id is not null
                union all select {account}, spare_id, times from changed where spare_id is not null
                union all select {account}, payment_id, sign * cash_minor from ({cash}) cash where cash_minor <> 0
            ) spare group by {account}, spare_id having sum(times) <> 0
            union select unnest({args.add(merged)}::uuid[])
        ),
        debts as not materialized (
            select * from ({sums.debts()} union all select * from changed) d
            where spare_id is null and (due_on >= {begins} or issued_on >= {begins} or {_UNSETTLED})
              and not exists (select from unsettled u where u.customer_id = d.customer_id)
        )
    """


def _group_sql(args: Arguments, by: DelayGroup, names: Mapping[str, str | None]) -> Grouping:
    if by == "entity":
        return Grouping(ENTITY_ID.sql("d.entity"))
    if not names:
        return Grouping("null::text")
    packed = {
        CUSTOMER_ID.pack(each): name for each, name in names.items() if name and CUSTOMER_ID.is_kind(each)
    }
    listed = f"unnest({args.add(list(packed))}::uuid[], {args.add(list(packed.values()))}::text[])"
    return Grouping("g.value", f"left join {listed} g(customer_id, value) using (customer_id)")


def _named(by: DelayGroup, value: str | None, month: date) -> str | None:
    if by == "month":
        return month.isoformat()[:7]
    return value or NOT_SHOWN if by == "customer" else value


def _add_cell(
    found: DelayFigures, kind: int, group: str | None, month: date, days: int, number: int, minor: int | None
) -> None:
    """Count debts that are alike."""
    if not number:
        return
    if kind == _EARLIER:
        found.earlier.open_late.count(days, number, minor or 0)
        return
    delays = found.fallen.setdefault((group, month), Delays())
    if kind != _DUE:
        (delays.settled if kind == _SETTLED else delays.open_late).count(days, number, minor or 0)


def _add_month(found: DelayFigures, group: str | None, month: date, minors: Sequence[int]) -> None:
    billed, late, not_due, old, at_risk, penalties, conceded, given_up = minors
    if billed:
        cohort = found.cohort(group, month)
        cohort.billed_minor += billed
        cohort.recovered_minor += billed - late - not_due
        cohort.open_late_minor += late
        cohort.open_not_due_minor += not_due
        cohort.old_minor += old
        cohort.at_risk_minor += at_risk
    found.penalties_minor += penalties
    found.conceded_minor += conceded
    found.given_up_minor += given_up
