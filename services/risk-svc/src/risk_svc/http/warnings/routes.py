"""Early warnings, their acknowledgement, and the rules of an entity."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.contracts.events.credit_warning import CreditWarningKind
from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from risk_svc.domain.policy import RiskEntityNotFound
from risk_svc.domain.warning.episode import CreditWarningNotFound, rules_of
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.streams import stream_then
from risk_svc.http.warnings.answers import (
    RULES_ANSWER,
    WARNING_ANSWER,
    CreditWarningAsOf,
    CreditWarningOut,
    CreditWarnings,
    WarningRulesAsOf,
    WarningRulesOut,
    WarningState,
)
from risk_svc.http.warnings.bodies import AcknowledgeWarningBody, WarningRulesBody
from risk_svc.read_models.warnings.query import warnings_listed
from risk_svc.use_cases.standing import ENTITY
from risk_svc.use_cases.warnings import commands

router = Router(tags=["Early warnings"])
Writing = Annotated[Command, command("risk:write")]
Deciding = Annotated[Command, command("risk:approve")]
Reading = Annotated[Query, reading("risk:read")]
WarningPath = Annotated[str, Id("wrn")]
EntityPath = Annotated[str, Id("ent")]
LIST = paging("raised", default="-raised", key="credit_warning_id", columns={"raised": "raised_position"})


@router.get("/v1/warnings", response_model=CreditWarnings)
async def list_warnings(
    q: Reading,
    page: Annotated[Page, LIST],
    customer_id: CustomerId | None = None,
    kind: CreditWarningKind | None = None,
    state: WarningState | None = None,
) -> Response:
    """List early warnings, each with its evidence: the invoices, the events, the figures before and after.

    A warning is raised once for each episode, as a day opens, and ends as a day opens on which its rule does not hold.
    """
    async with q.view("credit") as view:
        rows = await warnings_listed(view, page, customer_id=customer_id, kind=kind, state=state)
    body = page.body(rows, lambda row: CreditWarningOut.of_row(row).model_dump(mode="json"))
    return q.respond(body | view.echo())


@router.get("/v1/warnings/{warning_id}", response_model=CreditWarningAsOf)
async def get_warning(warning_id: WarningPath, q: Reading) -> Response:
    """Get a warning as of a date, as known at an instant."""
    then = await stream_then(q, warning_id, CreditWarningNotFound(warning_id))
    found = CreditWarningOut.of(commands.CREDIT_WARNING.fold(then.events))
    return q.respond(CreditWarningAsOf(**dict(found), **then.echo), last=then.last)


@router.post("/v1/warnings/{warning_id}/acknowledge", response_model=CreditWarningAsOf)
async def acknowledge_warning(
    warning_id: WarningPath, body: AcknowledgeWarningBody, cmd: Writing
) -> Response:
    """Acknowledge a warning with a note. It lasts until its rule does not hold, and a new episode is a new warning."""
    seen = body.to_command(warning_id)
    return await cmd.run(commands.acknowledge, seen, answer=WARNING_ANSWER, on=warning_id)


@router.put("/v1/entities/{entity_id}/warning-rules", response_model=WarningRulesAsOf)
async def set_warning_rules(entity_id: EntityPath, body: WarningRulesBody, cmd: Deciding) -> Response:
    """Set the rules of an entity's early warnings: all of them. They hold from the next day that opens.

    Without rules of the entity no warning is raised. `{}` sets those that are shipped.
    """
    return await cmd.run(commands.set_rules, body.to_command(entity_id), answer=RULES_ANSWER)


@router.get("/v1/entities/{entity_id}/warning-rules", response_model=WarningRulesAsOf)
async def get_warning_rules(entity_id: EntityPath, q: Reading) -> Response:
    """Get the rules of an entity's early warnings as of a date; those that are shipped if it has set none."""
    time = await q.time()
    missing = RiskEntityNotFound(entity_id)
    streams = entity_id, rules_of(entity_id)
    events = await q.ledger.read_streams(q.caller.ledger, streams, upto=time.position)
    if not ENTITY.fold(events.get(entity_id, ())):
        raise missing
    q.caller.require_sight(entity_id, missing)
    found = commands.WARNING_RULES.fold_as_of(events.get(streams[1], ()), time.as_of)
    shown = WarningRulesOut.in_force(found, entity_id)
    return q.respond(WarningRulesAsOf(**dict(shown), **time.echo()))
