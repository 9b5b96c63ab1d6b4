"""Routes of collectors, their portfolios and the assignment of tasks and customers."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.collector.commands import collector_id
from dunning_svc.domain.collector.state import COLLECTOR, CollectorNotFound
from dunning_svc.domain.hold.state import DebtorNotFound
from dunning_svc.http.collectors.answers import (
    COLLECTOR_ANSWER,
    CollectorAsOf,
    CollectorList,
    CollectorOnDay,
    CollectorOut,
    OwnershipOut,
    RebalanceOut,
    ownership_out,
)
from dunning_svc.http.collectors.bodies import AssignTaskBody, CollectorBody, RebalanceBody
from dunning_svc.http.identifiers import CollectorPath, CustomerPath, TaskPath
from dunning_svc.http.tasks.answers import TASK_ANSWER, TaskAsOf
from dunning_svc.read_models.cases.debtors import customers_of
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.collectors.burdens import burdens_on
from dunning_svc.read_models.collectors.query import owners, team_on
from dunning_svc.use_cases.collectors import (
    RebalanceResult,
    assign_task,
    define_collector,
    preview_rebalance,
    rebalance,
)
from dunning_svc.use_cases.templates import LEDGER_WIDE
from encours.http.commands import Command, command, json_response
from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.ledger.errors import EntityNotGranted

router = Router(tags=["Collectors"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
Rebalancing = Annotated[Command, command("dunning:write", dry_run=False)]


@router.put("/v1/collectors/{id}", response_model=CollectorAsOf)
async def save_collector(code: CollectorPath, body: CollectorBody, cmd: Writing) -> Response:
    """Save the record of a collector, all of it, from a day on. Earlier days keep the record that they had."""
    return await cmd.run(
        define_collector, body.to_command(code), answer=COLLECTOR_ANSWER, on=collector_id(code)
    )


@router.get("/v1/collectors", response_model=CollectorList)
async def list_collectors(q: Reading, on: Annotated[BusinessDate | None, Parameter()] = None) -> Response:
    """List the collectors who work on a day, and who acts for each."""
    async with q.view(MODEL) as view:
        team = await team_on(view, on or view.time.as_of)
    data = [CollectorOnDay.on(team, code).model_dump(mode="json", by_alias=True) for code in team.records]
    body = {"on": team.day.isoformat(), "data": data, "next_cursor": None}
    return q.respond(body | view.time.echo())


@router.get("/v1/collectors/{id}", response_model=CollectorAsOf)
async def get_collector(code: CollectorPath, q: Reading) -> Response:
    """Get the record of a collector that is in force on the day, else the last one."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, collector_id(code), upto=time.position)
    state = COLLECTOR.fold_as_of(events, time.as_of)
    if not state.versions:
        raise CollectorNotFound(code)
    shown = CollectorOut.of(state.on(time.as_of) or state.versions[-1])
    return q.respond(shown.model_dump(mode="json", by_alias=True) | time.echo(), last=events[-1])


@router.get("/v1/customers/{id}/collector", response_model=OwnershipOut)
async def get_owner(
    customer_id: CustomerPath, q: Reading, on: Annotated[BusinessDate | None, Parameter()] = None
) -> Response:
    """Get the collector who owns a customer on a day, and why."""
    async with q.view(MODEL) as view:
        known = (await customers_of(view.conn, view.schema, [customer_id])).get(customer_id)
        if known is None:
            raise DebtorNotFound(customer_id)
        q.caller.require_sight(known.entity_id, DebtorNotFound(customer_id))
        team = await team_on(view, on or view.time.as_of)
        found = await owners(view, team, [customer_id])
    return q.respond(ownership_out(customer_id, team.day, found[customer_id]) | view.time.echo())


@router.post("/v1/tasks/{id}/assign", response_model=TaskAsOf)
async def assign(task_id: TaskPath, body: AssignTaskBody, cmd: Writing) -> Response:
    """Give a task to a collector, or back to the collector who owns the customer."""
    return await cmd.run(assign_task, body.to_command(task_id), answer=TASK_ANSWER, on=task_id)


@router.post("/v1/collectors:rebalance", response_model=RebalanceOut)
async def rebalance_collectors(
    body: RebalanceBody, cmd: Rebalancing, dry_run: Annotated[bool, Parameter()] = False
) -> Response:
    """Move customers between collectors until each has its share, by number or by open amount.

    With `dry_run=true`, get what would move; nothing is recorded. For keys that are not limited to some entities.
    """
    if cmd.meta.entities is not None:
        raise EntityNotGranted(LEDGER_WIDE)
    wanted = body.to_command()
    read = partial(burdens_on, cmd.ledger, cmd.services.db, cmd.meta.ledger)
    if dry_run:
        previewed = await preview_rebalance(wanted, read, cmd.meta.today)
        return json_response(RebalanceOut.of(previewed, wanted.collectors, dry_run=True))
    done = await cmd.perform(rebalance, wanted, read)
    return cmd.respond(done, RebalanceOut.of(done.result(RebalanceResult), wanted.collectors, dry_run=False))
