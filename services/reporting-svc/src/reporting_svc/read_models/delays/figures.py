"""Delays of all debts at the dates of a question, from the states of debts that subtotals keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from encours.reading.where import Arguments
from reporting_svc.domain.measures.delays import (
    AT_RISK_DAYS,
    NOT_SHOWN,
    CustomerPace,
    DelayFigures,
    Delays,
    DueOutcome,
    fallen_due,
)
from reporting_svc.read_models.debts.states import DEBT_AMOUNTS
from reporting_svc.read_models.delays.query import covered_debts, group_names
from reporting_svc.read_models.delays.states import stated_outcomes, states_ctes
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.groups import Grouping
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import chain_for

if TYPE_CHECKING:
    from encours.reading.moment import View

DelayGroup = Literal["month", "entity", "segment", "salesperson", "collector", "customer"]
MOST_GROUPS = 500
_UNSETTLED_DEBT = "coalesce(uncovered_minor, conceded_minor, given_up_minor) is not null"
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
    apart = await count_states(found, view, scope, by, names)
    found.add_covered(await covered_debts(view, scope, apart), group)
    return found


async def fallen_outcomes(view: View, scope: Scope, first: date) -> tuple[list[DueOutcome], int]:
    """Return the debts that fell due from a day on, and the outstanding amount, with their part of it. One currency."""
    on = view.time.as_of
    if not (await chain_for(view, scope, "debt")).added:
        covered = await covered_debts(view, scope)
        return fallen_due(covered.outcomes, first, on), covered.outstanding_minor
    found = DelayFigures(first, on)
    apart = await count_states(found, view, scope, "month", {})
    covered = await covered_debts(view, scope, apart)
    found.add_covered(covered, _group("month", {}))
    outcomes = [
        *covered.outcomes,
        *await stated_outcomes(
            view,
            scope,
            apart,
            lambda args: f"i.due_on between {args.add(first)}::date and {args.add(on)}::date",
        ),
    ]
    fallen = fallen_due(outcomes, first, on)
    late_minor = sum(each.uncovered_minor for each in fallen if each.due_on < on)
    return fallen, found.parts_minor - found.total.open_minor + late_minor


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
) -> list[Any]:
    """Count the debts that have a state, and return the customers whose debts have none."""
    args, on = Arguments(), found.on
    begins = f"{args.add(found.first.replace(day=1))}::date"
    debts = states_ctes(
        await counted(args, view, scope, "debt"),
        f"(due_on >= {begins} or issued_on >= {begins} or {_UNSETTLED_DEBT})",
    )
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
    return apart


def _bigints(*columns: str) -> str:
    """SQL: eight columns, those that are not given null."""
    return ", ".join(f"({each})::bigint" for each in (*columns, *["null"] * (8 - len(columns))))


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
