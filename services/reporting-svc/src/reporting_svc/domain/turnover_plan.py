"""Plan of the turnover of an entity by month: each version replaces the one before. Stream: the plan's id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.events.figure import PlanGroup, TurnoverPlanSet, TurnoverTarget
from encours.kernel.errors import Invalid, NotFound


class TurnoverPlanNotFound(NotFound):
    """No plan has the id (404)."""

    code = "turnover-plan-not-found"
    title = "Plan of the turnover not found"
    remedy = "Use the id that POST /v1/turnover-plans answered."


@dataclass(frozen=True, slots=True)
class SetTurnoverPlan:
    """Set a version of a plan, with all of its targets."""

    turnover_plan_id: str
    entity_id: str
    code: str
    title: str
    currency: str
    by: PlanGroup
    targets: tuple[TurnoverTarget, ...]


@dataclass(frozen=True, slots=True)
class TurnoverPlanState:
    """A plan and the entity that it is about; ``None`` before its first version."""

    entity_id: str = ""
    plan: TurnoverPlanSet | None = None
    set_on: date = date.min


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """A version of a plan with the position and the business date at which it was set."""

    position: int
    set_on: date
    plan: TurnoverPlanSet


def in_force(versions: Sequence[PlanVersion], as_of: date, position: int) -> TurnoverPlanSet | None:
    """Return the version in force on a day, by those known at a position; ``None`` before the first one."""
    known = [each.plan for each in versions if each.set_on <= as_of and each.position <= position]
    return known[-1] if known else None


def of_entity(plan: TurnoverPlanSet) -> TurnoverPlanSet:
    """Return the plan without its groups; their targets of a month are added up when it is compared."""
    return replace(plan, by="entity", targets=tuple(replace(each, group=None) for each in plan.targets))


def evolve(state: TurnoverPlanState, recorded: Recorded) -> TurnoverPlanState:
    """Return the state after the event."""
    assert isinstance(recorded.data, TurnoverPlanSet)
    return TurnoverPlanState(recorded.entity, recorded.data, recorded.effective_on)


def set_plan(state: TurnoverPlanState, command: SetTurnoverPlan) -> list[TurnoverPlanSet]:
    """Return the next version; none if it is the same as the last. Raises :class:`Invalid` for targets that clash."""
    _check(command.by, command.targets)
    known_version = state.plan.plan_version if state.plan else 0
    found = TurnoverPlanSet(
        turnover_plan_id=command.turnover_plan_id,
        plan_version=known_version,
        code=command.code,
        title=command.title,
        currency=command.currency,
        by=command.by,
        targets=tuple(sorted(command.targets, key=lambda each: (each.month, each.group or ""))),
    )
    if found == state.plan:
        return []
    if state.plan is not None and state.plan.currency != command.currency:
        raise Invalid(
            f"The plan is in {state.plan.currency}; use another code for {command.currency}.", "/targets"
        )
    return [replace(found, plan_version=known_version + 1)]


def _check(by: PlanGroup, targets: Sequence[TurnoverTarget]) -> None:
    seen: set[tuple[date, str | None]] = set()
    for n, each in enumerate(targets):
        if (each.group is None) != (by == "entity"):
            wanted = "no product, customer or salesperson" if by == "entity" else f"a {by}"
            raise Invalid(f"Each target of this plan names {wanted}.", f"/targets/{n}")
        if (each.month, each.group) in seen:
            raise Invalid("An earlier target has the same month and group: add the two.", f"/targets/{n}")
        if each.billed_minor is None and each.collected_minor is None:
            raise Invalid("State billed, collected, or both.", f"/targets/{n}")
        seen.add((each.month, each.group))
