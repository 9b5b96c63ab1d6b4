"""Delays of all debts at the dates of a question, from the states of debts that subtotals keep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Literal

from reporting_svc.domain.measures.delays import NOT_SHOWN, CoveredDebts, DelayFigures, DueOutcome, fallen_due
from reporting_svc.domain.measures.states import DebtAccount, DebtStates, count_states
from reporting_svc.read_models.delays.columns import StatesSince, debt_states
from reporting_svc.read_models.delays.query import Apart, covered_debts, group_names
from reporting_svc.read_models.delays.states import ItemCondition, stated_outcomes
from reporting_svc.read_models.receivables.subtotals import chain_for

if TYPE_CHECKING:
    from encours.reading.moment import View
    from reporting_svc.read_models.receivables.scope import Scope

DelayGroup = Literal["month", "entity", "segment", "salesperson", "collector", "customer"]
MOST_GROUPS = 500


async def delay_figures(view: View, scope: Scope, first: date, by: DelayGroup) -> DelayFigures:
    """Return the delays of debts that fell due from a day on, by group. One currency.

    Of customers as groups, the first :data:`MOST_GROUPS`.
    """
    found = DelayFigures(first, view.time.as_of)
    names = await group_names(view, scope, by) if by in ("segment", "salesperson", "collector") else {}
    if not (await chain_for(view, scope, "debt")).added:
        found.add_covered(await covered_debts(view, scope), _group(by, names))
        return found
    await _count(found, view, scope, by, names)
    return found


async def fallen_outcomes(view: View, scope: Scope, first: date) -> tuple[list[DueOutcome], int]:
    """Return the debts that fell due from a day on, and the outstanding amount, with their part of it. One currency."""
    on = view.time.as_of
    if not (await chain_for(view, scope, "debt")).added:
        covered = await covered_debts(view, scope)
        return fallen_due(covered.outcomes, first, on), covered.outstanding_minor
    found = DelayFigures(first, on)
    covered, only = await _count(found, view, scope, "month", {})
    outcomes = [
        *covered.outcomes,
        *await stated_outcomes(
            view,
            scope,
            only,
            lambda args: f"i.due_on between {args.add(first)}::date and {args.add(on)}::date",
        ),
    ]
    fallen = fallen_due(outcomes, first, on)
    late_minor = sum(each.uncovered_minor for each in fallen if each.due_on < on)
    return fallen, found.parts_minor - found.total.open_minor + late_minor


async def outcomes_of(view: View, scope: Scope, which: ItemCondition) -> list[DueOutcome]:
    """Return the debts of some invoices, penalty documents too, and of others that are settled one by one anyhow.

    One currency.
    """
    if not (await chain_for(view, scope, "debt")).added:
        covered = await covered_debts(view, scope)
        return [*covered.outcomes, *covered.penalties]
    apart = (await debt_states(view, scope, StatesSince(date.max, ("settled_on",)))).apart
    covered = await covered_debts(view, scope, apart)
    return [
        *covered.outcomes,
        *covered.penalties,
        *await stated_outcomes(view, scope, apart, which, penalties=True),
    ]


async def _count(
    found: DelayFigures, view: View, scope: Scope, by: DelayGroup, names: Mapping[str, str | None]
) -> tuple[CoveredDebts, Apart]:
    """Count the debts by their states, and those that have none one by one; return these and their customers."""
    stated = await debt_states(view, scope, StatesSince(found.first.replace(day=1), ("due_on", "issued_on")))
    states, group = stated.states, _group(by, names)
    settled = covered_debts(view, scope, stated.apart)
    if by == "customer":
        covered = await settled
        found.add_covered(covered, group)
        # The delays of 20,000 groups would be counted to leave nearly all of them out.
        await asyncio.to_thread(count_states, found, states, lambda: _first_customers(found, states))
    else:
        groups = None if by == "month" else [group(each) for each in states.accounts]
        # Beside the database, and apart from the event loop: a million debts are counted.
        counting = asyncio.to_thread(count_states, found, states, lambda: groups)
        covered, _ = await asyncio.gather(settled, counting)
        found.add_covered(covered, group)
    return covered, stated.apart


def _first_customers(found: DelayFigures, states: DebtStates) -> list[str]:
    """Return the customer of each account, of those behind the first :data:`MOST_GROUPS` none."""
    shown = set(sorted(found.customers)[:MOST_GROUPS])
    return [each.customer_id if each.customer_id in shown else NOT_SHOWN for each in states.accounts]


def _group(
    by: DelayGroup, names: Mapping[str, str | None]
) -> Callable[[DueOutcome | DebtAccount], str | None]:
    match by:
        case "month":
            return lambda debt: debt.due_on.isoformat()[:7] if isinstance(debt, DueOutcome) else None
        case "entity":
            return lambda debt: debt.entity
        case "customer":
            return lambda debt: debt.customer_id
        case _:
            return lambda debt: names.get(debt.customer_id)
