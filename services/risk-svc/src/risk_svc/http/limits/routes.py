"""Requests for credit limits and their answers."""

from __future__ import annotations

from typing import Annotated, Literal

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from risk_svc.domain.limit import LimitRequestNotFound
from risk_svc.domain.proposal.propose import RequestProposal
from risk_svc.http.limits.answers import (
    LIMIT_ANSWER,
    LimitListItem,
    LimitRequestAsOf,
    LimitRequestOut,
    LimitRequests,
)
from risk_svc.http.limits.bodies import ApproveBody, CustomerId, LimitBody, RefuseBody
from risk_svc.http.streams import stream_then
from risk_svc.read_models.credit import query
from risk_svc.read_models.credit.query import LatestPictures
from risk_svc.use_cases import limits, proposals

router = Router(tags=["Credit limits"])
Requesting = Annotated[Command, command("risk:write")]
Approving = Annotated[Command, command("risk:approve")]
Reading = Annotated[Query, reading("risk:read")]
LimitPath = Annotated[str, Id("lim")]
PATH = "/v1/limit-requests"
LIST = paging("requested_on", default="-requested_on", key="limit_id")


@router.post("/v1/limit-requests", response_model=LimitRequestAsOf, status_code=201)
async def request_limit(body: LimitBody, cmd: Requesting) -> Response:
    """Request a limit in amount and in days past due. It is in force once it is approved.

    Without an amount, the limit is that of `GET /v1/customers/{id}/limit-proposal`, with its figures as evidence.
    """
    asked = body.to_command(new_id("lim"))
    if isinstance(asked, RequestProposal):
        pictures = LatestPictures(cmd.services.db, cmd.ledger)
        return await cmd.run(
            proposals.request_proposed, asked, pictures, answer=LIMIT_ANSWER, status=201, at=PATH
        )
    return await cmd.run(limits.request_limit, asked, answer=LIMIT_ANSWER, status=201, at=PATH)


@router.post("/v1/limit-requests/{limit_id}/approve", response_model=LimitRequestAsOf)
async def approve_limit(limit_id: LimitPath, body: ApproveBody, cmd: Approving) -> Response:
    """Put the limit in force, as requested or lower; from its first day on it replaces the customer's earlier limit.

    The credit policy of the entity says whose role decides on which amount; nobody decides on an own request then. The
    decision keeps the exposure that it saw, and its position (`basis`).
    """
    decided = body.to_command(limit_id)
    latest = LatestPictures(cmd.services.db, cmd.ledger)
    return await cmd.run(limits.approve_limit, decided, latest, answer=LIMIT_ANSWER, on=limit_id, at=PATH)


@router.post("/v1/limit-requests/{limit_id}/refuse", response_model=LimitRequestAsOf)
async def refuse_limit(limit_id: LimitPath, body: RefuseBody, cmd: Approving) -> Response:
    """Refuse the request, with the exposure that the decision saw; a limit in force is unchanged."""
    decided = body.to_command(limit_id)
    latest = LatestPictures(cmd.services.db, cmd.ledger)
    return await cmd.run(limits.refuse_limit, decided, latest, answer=LIMIT_ANSWER, on=limit_id, at=PATH)


@router.get("/v1/limit-requests/{limit_id}", response_model=LimitRequestAsOf)
async def get_limit_request(limit_id: LimitPath, q: Reading) -> Response:
    """Get a request as of a date, as known at an instant."""
    then = await stream_then(q, limit_id, LimitRequestNotFound(limit_id))
    found = LimitRequestOut.of(limits.LIMIT.fold(then.events), then.last.version)
    return q.respond(LimitRequestAsOf(**dict(found), **then.echo), last=then.last)


@router.get("/v1/limit-requests", response_model=LimitRequests)
async def list_limit_requests(
    q: Reading,
    page: Annotated[Page, LIST],
    customer_id: CustomerId | None = None,
    state: Literal["requested", "approved", "refused"] | None = None,
) -> Response:
    """List requests with their state at the requested dates."""
    async with q.view("credit") as view:
        rows = await query.limit_requests(view, page, customer_id=customer_id, state=state)
    return q.respond(page.body(rows, LimitListItem.of) | view.time.echo())
