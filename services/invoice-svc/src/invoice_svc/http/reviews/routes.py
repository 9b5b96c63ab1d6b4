"""Routes of /v1/reviews/invoices."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as QueryParam
from starlette.responses import Response

from encours.contracts.events.sales.review import FindingKind
from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from invoice_svc.http.common import CustomerId, EntityId, FindingId
from invoice_svc.http.reviews.answers import (
    FINDING_ANSWER,
    DismissedFindingOut,
    FindingListing,
    FindingOut,
)
from invoice_svc.http.reviews.bodies import DismissBody
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.reviews import query
from invoice_svc.read_models.reviews.query import FindingsNow, FindingStatus, Severity
from invoice_svc.use_cases import reviews

router = Router(tags=["Reviews"])
PAGE = paging("found_on", "id", default="-found_on", key="finding_id", columns={"id": "finding_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.get("/v1/reviews/invoices", response_model=FindingListing)
async def review_invoices(
    q: Reading,
    page: Annotated[Page, PAGE],
    kind: FindingKind | None = None,
    severity: Severity | None = None,
    status: Annotated[
        FindingStatus | None,
        QueryParam(description="A dismissed finding is open again when its facts change."),
    ] = None,
    entity_id: EntityId | None = None,
    customer_id: CustomerId | None = None,
    document: Annotated[
        str | None,
        QueryParam(pattern=r"^[a-z]{3}_[0-9a-f]{32}$", description="Id of a document that it is about."),
    ] = None,
    after_days: Annotated[
        int,
        QueryParam(ge=0, le=366, description="Days after which what was not billed is an omission."),
    ] = 30,
) -> Response:
    """List what a person should look at: duplicates, omissions, gaps in numbers, credit above sales, late issue.

    Findings follow from the events known as of the dates; none is stored.
    """
    wanted = query.FindingFilter(kind, severity, status, entity_id, customer_id, document, after_days)
    async with q.view(NAME) as view:
        rows = await query.findings(view, page, wanted)
        return q.respond(page.body(rows, FindingOut.of_row) | view.echo())


@router.post("/v1/reviews/invoices/{finding_id}/dismiss", response_model=DismissedFindingOut)
async def dismiss_finding(finding_id: FindingId, body: DismissBody, cmd: Writing) -> Response:
    """Accept a finding as it is, with the reason. It is open again when its facts change."""
    found = FindingsNow(cmd.services.db, cmd.ledger)
    wanted = body.to_command(finding_id)
    return await cmd.run(reviews.dismiss, wanted, found, answer=FINDING_ANSWER, on=finding_id)
