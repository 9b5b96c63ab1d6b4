"""Plans of the turnover: set a version."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from reporting_svc.domain import turnover_plan
from reporting_svc.domain.turnover_plan import SetTurnoverPlan, TurnoverPlanNotFound, TurnoverPlanState
from reporting_svc.read_models.figures.query import LatestFigures
from reporting_svc.read_models.turnover.plans import require_planned

TURNOVER_PLAN: Folder[TurnoverPlanState] = Folder(
    TurnoverPlanState, turnover_plan.evolve, TurnoverPlanNotFound
)


async def set_turnover_plan(session: Session, command: SetTurnoverPlan, figures: LatestFigures) -> Result:
    """Set the first or the next version of a plan."""
    await session.act_for(command.entity_id)
    named = {}
    if command.by == "customer":
        named = {
            each.group: f"/targets/{n}/customer_id" for n, each in enumerate(command.targets) if each.group
        }

    async def check() -> None:
        async with figures.view(session.meta.ledger, session.meta.today, None) as view:
            await require_planned(view, command.entity_id, named)

    await session.ask(check)
    state = await session.load(TURNOVER_PLAN, command.turnover_plan_id)
    for event in turnover_plan.set_plan(state, command):
        session.emit(command.turnover_plan_id, event, entity=command.entity_id)
    return session.result(command.turnover_plan_id)
