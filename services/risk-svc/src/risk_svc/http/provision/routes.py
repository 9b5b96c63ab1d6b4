"""Expected loss: the provision matrix, and its overlay."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import BusinessDate, Id
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.moment import TimeTravel
from risk_svc.domain.provision.overlay import ProvisionOverlay, ProvisionOverlayNotFound, overlay_of
from risk_svc.http.provision.answers import (
    OVERLAY_ANSWER,
    ProvisionMatrices,
    ProvisionMatrixOut,
    ProvisionOverlayAsOf,
    ProvisionOverlayOut,
)
from risk_svc.http.provision.bodies import ProvisionOverlayBody
from risk_svc.read_models.insurance.query import Moment
from risk_svc.read_models.provision.query import closing, entities_known, provision_matrices
from risk_svc.use_cases import provisions

router = Router(tags=["Expected loss"])
Deciding = Annotated[Command, command("risk:approve")]
Reading = Annotated[Query, reading("risk:read")]
EntityPath = Annotated[str, Id("ent")]


async def _overlay(q: Query, entity_id: str, time: TimeTravel) -> ProvisionOverlay:
    events = await q.ledger.read_stream(q.caller.ledger, overlay_of(entity_id), upto=time.position)
    return provisions.OVERLAY.fold([event for event in events if event.effective_on <= time.as_of])


@router.get("/v1/provision-matrix", response_model=ProvisionMatrices)
async def get_provision_matrix(
    q: Reading,
    on: Annotated[BusinessDate | None, Parameter(description="Closing; `as_of` if not given.")] = None,
    entity_id: Annotated[str, Id("ent")] | None = None,
) -> Response:
    """Expected loss of open invoices by segment and band of days past due, at any closing (IFRS 9 B5.5.35).

    Loss rates come from the own roll rates of the year before. Gross amounts are those of the aged balance; cash,
    conceded claims, VAT, insured parts and guarantees are shown and deducted. With `known_at` as it was known then.
    """
    async with q.view("credit") as view:
        time = replace(view.time, as_of=on or view.time.as_of)
        moment = Moment(view.conn, view.schema, time.as_of, time.position)
        wanted = await entities_known(moment, view.granted)
        if entity_id is not None:
            wanted = [each for each in wanted if each == entity_id]
        overlays = {each: await _overlay(q, each, time) for each in wanted}
        found = await provision_matrices(moment, wanted, overlays)
        incomplete = view.incomplete
    first, last = closing(time.as_of)
    body = ProvisionMatrices(
        history_from=first,
        history_to=last,
        matrices=[ProvisionMatrixOut.of(each) for each in found],
        **{**time.echo(), "incomplete": incomplete},
    )
    return q.respond(body)


@router.put("/v1/entities/{entity_id}/provision-overlay", response_model=ProvisionOverlayAsOf)
async def set_provision_overlay(entity_id: EntityPath, body: ProvisionOverlayBody, cmd: Deciding) -> Response:
    """Set the forward-looking overlay of an entity's loss rates: all of it, with the reason."""
    return await cmd.run(provisions.set_overlay, body.to_command(entity_id), answer=OVERLAY_ANSWER)


@router.get("/v1/entities/{entity_id}/provision-overlay", response_model=ProvisionOverlayAsOf)
async def get_provision_overlay(entity_id: EntityPath, q: Reading) -> Response:
    """Get the overlay of an entity as of a date, as known at an instant."""
    time = await q.time()
    q.caller.require_sight(entity_id, ProvisionOverlayNotFound(entity_id))
    found = await _overlay(q, entity_id, time)
    if not found.version:
        raise ProvisionOverlayNotFound(entity_id)
    return q.respond(ProvisionOverlayAsOf(**ProvisionOverlayOut.of(found).model_dump(), **time.echo()))
