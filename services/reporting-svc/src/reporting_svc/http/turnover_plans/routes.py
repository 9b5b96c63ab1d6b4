"""Plans of the turnover: set a version, read it, and compare it with what was billed and collected."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.contracts import decoder
from encours.contracts.events.figure import TurnoverPlanSet
from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from reporting_svc.domain.turnover_plan import TurnoverPlanNotFound, TurnoverPlanState
from reporting_svc.http.latest import latest_figures
from reporting_svc.http.scope import Asked
from reporting_svc.http.snapshot import snapshot
from reporting_svc.http.streams import of_object
from reporting_svc.http.turnover_plans.answers import (
    TURNOVER_PLAN_ANSWER,
    TurnoverComparisonOut,
    TurnoverPlanAsOf,
    TurnoverPlanOut,
    TurnoverPlansOut,
)
from reporting_svc.http.turnover_plans.bodies import TurnoverPlanBody
from reporting_svc.read_models.feed import Feed, StoredEvent
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.groups import names_of
from reporting_svc.read_models.turnover.plans import KEY, SORTS, compared, turnover_plans
from reporting_svc.read_models.turnover.query import CHANGES
from reporting_svc.use_cases.turnover_plans import TURNOVER_PLAN, set_turnover_plan

router = Router(tags=["Published figures"])
PATH = "/v1/turnover-plans"
PlanPath = Annotated[str, Id("tpn")]
PAGE = paging(*SORTS, default="-set", key=KEY, columns=SORTS)
Reading = Annotated[Query, reading("reports:read")]


@router.post(
    "/v1/turnover-plans",
    response_model=TurnoverPlanAsOf,
    status_code=201,
    summary="Set a plan of the turnover",
)
async def set_plan(body: TurnoverPlanBody, cmd: Annotated[Command, command("reports:write")]) -> Response:
    """Set a plan of an entity's turnover, whole: its first version, or the one that replaces the version before."""
    wanted, figures = body.to_command(), latest_figures(cmd)
    return await cmd.run(set_turnover_plan, wanted, figures, answer=TURNOVER_PLAN_ANSWER, status=201, at=PATH)


@router.get("/v1/turnover-plans", response_model=TurnoverPlansOut, summary="List plans of the turnover")
async def list_plans(
    q: Reading,
    page: Annotated[Page, PAGE],
    entity_id: Annotated[
        str | None, Parameter(pattern=r"^ent_[0-9a-f]{32}$", description="Those of one entity.")
    ] = None,
) -> Response:
    """List the plans as they were set by as_of, as known at known_at."""
    feed: Feed = q.services.extras["feed"]
    if entity_id is not None:
        q.caller.require_entity(entity_id)
    async with q.view(Receivables.name) as view:
        rows = await turnover_plans(view, page, entity_id)
    events = await feed.at(q.caller.ledger, [row["position"] for row in rows])
    body = page.body(rows, lambda row: TurnoverPlanOut.of(_stored(events[row["position"]])))
    return q.respond(body | view.time.echo())


@router.get(
    "/v1/turnover-plans/{plan_id}", response_model=TurnoverPlanAsOf, summary="Get a plan of the turnover"
)
async def get_plan(plan_id: PlanPath, q: Reading) -> Response:
    """Get a plan by its version in force on as_of, as known at known_at."""
    time = await q.time()
    q, state = await _plan(q, plan_id, time.position)
    return q.respond(TurnoverPlanOut.of(state) | replace(time, as_of=q.as_of).echo())


@router.get(
    "/v1/turnover-plans/{plan_id}/comparison",
    response_model=TurnoverComparisonOut,
    summary="Planned and actual turnover",
)
async def compare_plan(plan_id: PlanPath, q: Reading) -> Response:
    """Turnover and cash of each month of a plan up to as_of, beside what was planned."""
    time = await q.time()
    q, state = await _plan(q, plan_id, time.position)
    assert state.plan is not None
    async with snapshot(q, Asked(entity_id=state.entity_id, currency=state.plan.currency)) as books:
        found = await compared(books.view, books.scope, state.plan)
        tied = books.tied_total
        if found.balance_minor is not None:
            await books.require_each_tied(found.sums)
            tied = await books.require_tied(CHANGES, found.balance_minor)
        customers = [row.group for row in found.months if row.group] if state.plan.by == "customer" else []
        names = await names_of(books.view, customers)
    return q.respond(TurnoverComparisonOut.of(books, tied, state, found, names))


def _stored(event: StoredEvent) -> TurnoverPlanState:
    plan = decoder(event["type"], event["schema_version"])(event["data"])
    assert isinstance(plan, TurnoverPlanSet)
    return TurnoverPlanState(event["entity"], plan, event["effective_on"])


async def _plan(q: Query, plan_id: str, position: int) -> tuple[Query, TurnoverPlanState]:
    """Return the question at the day of the plan's entity, and the plan as it was set by then. Raises a 404 problem."""
    q, visible = await of_object(q, plan_id, position)
    if not visible:
        raise TurnoverPlanNotFound(plan_id)
    q.caller.require_sight(visible[0].entity, TurnoverPlanNotFound(plan_id))
    return q, TURNOVER_PLAN.fold(visible)
