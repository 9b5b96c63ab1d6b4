"""Routes of /v1/tolerances."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.contracts.events.money.residual import ResidualReason
from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from invoice_svc.http.common import CustomerId, EntityId
from invoice_svc.http.reads import show
from invoice_svc.http.tolerances.answers import (
    TOLERANCE_ANSWER,
    TOLERANCES,
    ToleranceAnswerOut,
    TolerancesOut,
)
from invoice_svc.http.tolerances.bodies import ToleranceBody, ToleranceCode
from invoice_svc.http.tolerances.residuals import ListedResidualOut, ResidualListing
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.residuals import query
from invoice_svc.read_models.residuals.query import ResidualFilter
from invoice_svc.use_cases.money import tolerances

router = Router(tags=["Residual differences"])
PAGE = paging("id", "on", default="id", key="residual_id", columns={"id": "residual_id", "on": "closed_on"})


@router.put("/v1/tolerances/{code}", response_model=ToleranceAnswerOut)
async def set_tolerance(
    code: ToleranceCode, body: ToleranceBody, cmd: Annotated[Command, command("payments:write")]
) -> Response:
    """Set a tolerance for residuals of paid invoices from a day on. Without one nothing is closed."""
    return await cmd.run(
        tolerances.set_tolerance, body.to_command(code), answer=TOLERANCE_ANSWER, on=body.entity_id
    )


@router.get("/v1/tolerances", response_model=TolerancesOut)
async def list_tolerances(entity_id: EntityId, q: Annotated[Query, reading("invoices:read")]) -> Response:
    """List the tolerances of an entity with their versions, and which is in force on the date."""
    return await show(q, TOLERANCES, entity_id)


@router.get("/v1/residuals", response_model=ResidualListing)
async def list_residuals(
    q: Annotated[Query, reading("invoices:read")],
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    customer_id: CustomerId | None = None,
    reason: ResidualReason | None = None,
    policy: ToleranceCode | None = None,
) -> Response:
    """List the residuals that stand as of a date, with their sums by tolerance and version."""
    wanted = ResidualFilter(entity_id, customer_id, reason, policy)
    async with q.view(NAME) as view:
        rows = await query.residuals(view, page, wanted)
        sums = await query.sums(view, wanted)
    body = page.body(rows, ListedResidualOut.of) | ResidualListing.summed(sums)
    return q.respond(body | view.time.echo())
