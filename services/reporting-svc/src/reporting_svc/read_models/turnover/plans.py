"""Plans of the turnover: their list, and planned and actual amounts side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from encours.contracts.events.figure import TurnoverPlanSet
from encours.kernel.errors import Invalid
from encours.kernel.terms import months_after
from encours.reading.where import ViewWhere
from reporting_svc.domain.measures.collection import ONE_DAY
from reporting_svc.read_models.receivables.query import check
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.tie_out.query import OwnSum
from reporting_svc.read_models.turnover.products import by_product
from reporting_svc.read_models.turnover.query import by_group, by_period, groups_sums, opening

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page

KEY = "turnover_plan_id"
SORTS = {"set": "position", "code": "code", "id": KEY}


@dataclass(frozen=True, slots=True)
class PlannedMonth:
    """A group in a month, minor units; ``None`` where the plan expects nothing in particular."""

    month: date
    group: str | None
    complete: bool
    billed_planned: int | None
    billed: int
    collected_planned: int | None
    collected: int


@dataclass(frozen=True, slots=True)
class PlanComparison:
    """Months of a plan. ``balance_minor`` is the customers' account by the turnover that they show; ``None`` for no
    month. ``sums``: that turnover by its groups, and by product."""

    months: Sequence[PlannedMonth]
    balance_minor: int | None
    sums: Sequence[OwnSum] = ()


async def turnover_plans(view: View, page: Page, entity_id: str | None) -> list[Mapping[str, Any]]:
    """Return a page of the plans as set by the dates of the question, each with the position of its last version."""
    where = ViewWhere(view, entity="entity").equal("entity", entity_id)
    where.add(
        f"position = (select max(l.position) from {view.schema}.turnover_plan l "
        f"where l.turnover_plan_id = p.turnover_plan_id and {where.counts('l')})"
    )
    return await where.page(page, ", ".join(SORTS.values()), f"{view.schema}.turnover_plan p")


async def require_planned(view: View, entity_id: str, customers: Mapping[str, str]) -> None:
    """Raise a 404 problem for an unknown entity, 422 for a customer that is none of it; pointers by customer."""
    await check(view, Scope(entity_id=entity_id))
    rows = await view.conn.fetch(
        f"select customer_id from {view.schema}.customer where entity = $1 and customer_id = any($2::text[])",
        entity_id,
        list(customers),
    )
    for customer_id in customers.keys() - {row["customer_id"] for row in rows}:
        raise Invalid(f"{customer_id} is no customer of {entity_id}.", customers[customer_id])


async def compared(view: View, scope: Scope, plan: TurnoverPlanSet) -> PlanComparison:
    """Return the months of a plan that have begun, each group beside its actual amounts, in order."""
    day = view.time.as_of
    planned: dict[tuple[date, str | None], tuple[int | None, int | None]] = {}
    for each in plan.targets:
        if each.month > day:
            continue
        group = scope.merged.of(each.group) if plan.by == "customer" and each.group else each.group
        billed, collected = planned.get((each.month, group), (None, None))
        planned[each.month, group] = _sum(billed, each.billed_minor), _sum(collected, each.collected_minor)
    months = {month for month, _ in planned}
    if not months:
        return PlanComparison([], None)
    first = min(months)
    periods = await by_period(view, scope, "month", first)
    groups = await by_group(view, scope, "month", first, "entity" if plan.by == "product" else plan.by)
    sums = groups_sums(groups, periods, first)
    if plan.by == "product":
        products = await by_product(view, scope, "month", first, periods)
        sums += products.sums
        actual = {
            (each.start, product): (each.net, each.collected)
            for product, of in products.rows.items()
            for each in of
        }
    else:
        by_plan = {None: periods} if plan.by == "entity" else groups
        actual = {
            (each.start, group): (each.net, each.collected - each.reversed)
            for group, of in by_plan.items()
            for each in of
        }
    found = {key: amounts for key, amounts in actual.items() if key[0] in months and any(amounts)}
    rows = []
    for month, group in sorted({*planned, *found}, key=lambda key: (key[0], key[1] is None, key[1] or "")):
        (to_bill, to_collect), (billed, collected) = (
            planned.get((month, group), (None, None)),
            found.get((month, group), (0, 0)),
        )
        complete = months_after(month, 1) - ONE_DAY <= day
        rows.append(PlannedMonth(month, group, complete, to_bill, billed, to_collect, collected))
    balance_minor = await opening(view, scope, first) + sum(each.change for each in periods)
    return PlanComparison(rows, balance_minor, sums)


def totals_of(rows: Sequence[PlannedMonth]) -> tuple[int | None, int, int | None, int]:
    """Return the sums of complete months: billed planned and actual, collected planned and actual."""
    done = [row for row in rows if row.complete]
    billed = [row.billed_planned for row in done if row.billed_planned is not None]
    collected = [row.collected_planned for row in done if row.collected_planned is not None]
    return (
        sum(billed) if billed else None,
        sum(row.billed for row in done),
        sum(collected) if collected else None,
        sum(row.collected for row in done),
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else (one or 0) + other
