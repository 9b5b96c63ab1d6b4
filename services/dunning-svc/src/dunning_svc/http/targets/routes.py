"""Routes of cash targets."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.collector.commands import collector_id
from dunning_svc.domain.collector.state import COLLECTOR, CollectorNotFound
from dunning_svc.http.identifiers import CollectorPath
from dunning_svc.http.targets.answers import TARGET_ANSWER, TargetSetAsOf, TargetStandings, standings_out
from dunning_svc.http.targets.bodies import Month, TargetBody, first_day_of
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.collectors.past_cash import past_cash
from dunning_svc.read_models.collectors.targets import cash_standings
from dunning_svc.use_cases.collectors import set_target
from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router

router = Router(tags=["Collectors"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]


@router.put("/v1/collectors/{id}/targets", response_model=TargetSetAsOf)
async def save_target(code: CollectorPath, body: TargetBody, cmd: Writing) -> Response:
    """Set the cash that a collector is to bring in within this month or a later one."""
    return await cmd.run(set_target, body.to_command(code), answer=TARGET_ANSWER, on=collector_id(code))


@router.get("/v1/collectors/{id}/targets", response_model=TargetStandings)
async def get_targets(
    code: CollectorPath,
    q: Reading,
    month: Annotated[Month | None, Parameter(description="This month if left out.")] = None,
) -> Response:
    """Get what came in for a collector in a month, and what is expected, against the target.

    The forecast is made of due dates, promises and payment plans. Customers count for the collector whose portfolio
    they are in, at an earlier date too by what is known of them now.
    """
    async with q.view(MODEL) as view:
        time = view.time
        wanted = first_day_of(month) if month else time.as_of.replace(day=1)
        events = await q.ledger.read_stream(q.caller.ledger, collector_id(code), upto=time.position)
        if not COLLECTOR.fold(events).versions:
            raise CollectorNotFound(code)
        now = time.is_now and time.as_of >= await q.ledger.today(q.caller.ledger)
        past = None if now else await past_cash(q.ledger, view, q.caller.ledger, wanted)
        found = await cash_standings(view, wanted, past)
    return q.respond(standings_out(code, wanted, found) | time.echo())
