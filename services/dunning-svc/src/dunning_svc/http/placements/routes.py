"""Routes of placements."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.placement.account import account_of
from dunning_svc.domain.placement.state import PLACEMENT, PlacementNotFound
from dunning_svc.http.identifiers import CustomerId, PlacementPath
from dunning_svc.http.placements.answers import (
    PLACEMENT_ANSWER,
    PlacementAsOf,
    PlacementList,
    PlacementMade,
    PlacementOut,
)
from dunning_svc.http.placements.bodies import PlacementBody, RecallBody
from dunning_svc.read_models.cases.fold import placements
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases.placements import PlaceableDebtors, place_invoices, recall_invoices
from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page

router = Router(tags=["Placements"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
PAGE = paging("position", default="-position", key="position")


@router.post("/v1/placements", response_model=PlacementMade, status_code=201)
async def place(body: PlacementBody, cmd: Writing) -> Response:
    """Hand invoices of a customer over to an agency, an officer or a lawyer.

    Until they are recalled no reminder asks for them (cause `placed`), also none that was decided before. Open tasks of
    the ladder for these invoices alone are completed. An invoice is in one placement on a day.
    """
    debtors = PlaceableDebtors(cmd.ledger, cmd.services.db, cmd.meta.ledger)
    required = cmd.services.extras["placement_needs_notice"]
    return await cmd.run(
        place_invoices, body.to_command(), debtors, required, answer=PLACEMENT_ANSWER, status=201
    )


@router.post("/v1/placements/{id}/recall", response_model=PlacementMade)
async def recall(placement_id: PlacementPath, body: RecallBody, cmd: Writing) -> Response:
    """Take invoices back from the partner, all or some. Their ladder continues at the level that they had."""
    return await cmd.run(
        recall_invoices, body.to_command(placement_id), answer=PLACEMENT_ANSWER, on=placement_id
    )


@router.get("/v1/placements", response_model=PlacementList)
async def list_placements(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    status: Annotated[Literal["placed", "recalled"] | None, Parameter()] = None,
) -> Response:
    """List placements."""
    async with q.view(MODEL) as view:
        rows = await placements.placements(view, page, customer_id=customer_id, status=status)
    position, as_of = view.time.position, view.time.as_of
    body = page.body(rows, lambda row: PlacementOut.of(placements.placement_of(row, position, as_of)))
    return q.respond(body | view.time.echo())


@router.get("/v1/placements/{id}", response_model=PlacementAsOf)
async def get_placement(placement_id: PlacementPath, q: Reading) -> Response:
    """Get a placement with the payments since the hand-over, the fee on them, and what the partner has to know."""
    async with q.view(MODEL) as view:
        time = view.time
    stream = await q.ledger.read_stream(q.caller.ledger, placement_id, upto=time.position)
    state = PLACEMENT.fold_as_of(stream, time.as_of)
    if state.made is None:
        raise PlacementNotFound(placement_id)
    q.caller.require_sight(state.entity_id, PlacementNotFound(placement_id))
    ids = [each.invoice_id for each in state.made.invoices]
    streams = await q.ledger.read_streams(q.caller.ledger, ids, upto=time.position)
    counted = [[e for e in events if e.effective_on <= time.as_of] for events in streams.values()]
    return q.respond(
        PlacementAsOf.with_account(state, account_of(state, counted), time.echo()), version=len(stream)
    )
