"""Routes of /v1/disputes, and the opening of a dispute on an invoice."""

from __future__ import annotations

from typing import Annotated, Literal

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from invoice_svc.http.common import CustomerId, DisputeId, InvoiceId
from invoice_svc.http.disputes.answers import (
    DISPUTE_ANSWER,
    RESOLUTION_ANSWER,
    DisputeListing,
    DisputeOut,
    ResolvedDisputeOut,
)
from invoice_svc.http.disputes.bodies import DisputeBody, ResolveBody
from invoice_svc.http.reads import show, show_page
from invoice_svc.read_models.disputes import query
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.sales import disputes

router = Router(tags=["Disputes"])
PAGE = paging("id", "opened_on", default="id", key="dispute_id", columns={"id": "dispute_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/invoices/{invoice_id}/disputes", response_model=DisputeOut, status_code=201)
async def open_dispute(invoice_id: InvoiceId, body: DisputeBody, cmd: Writing) -> Response:
    """Record that the customer contests an amount of the invoice. The rest stays collectable."""
    return await cmd.run(
        disputes.open_dispute,
        body.to_command(new_id("dis"), invoice_id),
        answer=DISPUTE_ANSWER,
        on=invoice_id,
        status=201,
        at="/v1/disputes",
    )


@router.get("/v1/disputes", response_model=DisputeListing)
async def list_disputes(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: CustomerId | None = None,
    invoice_id: InvoiceId | None = None,
    status: Literal["open", "resolved"] | None = None,
) -> Response:
    """List disputes as of a date."""
    async with q.view(NAME) as view:
        rows = await query.disputes(view, page, customer_id=customer_id, invoice_id=invoice_id, status=status)
    return await show_page(q, view, page, rows, "dispute_id", DISPUTE_ANSWER)


@router.get("/v1/disputes/{dispute_id}", response_model=DisputeOut)
async def get_dispute(dispute_id: DisputeId, q: Reading) -> Response:
    """Get a dispute."""
    return await show(q, DISPUTE_ANSWER, dispute_id)


@router.post("/v1/disputes/{dispute_id}/resolve", response_model=ResolvedDisputeOut)
async def resolve_dispute(dispute_id: DisputeId, body: ResolveBody, cmd: Writing) -> Response:
    """End the dispute, with `credit_note` also by its credit note.

    Unless it is `credited`, what is still owed of its amount is collectable again.
    """
    wanted = body.to_command(dispute_id, new_id("cre"))
    return await cmd.run(disputes.resolve, wanted, answer=RESOLUTION_ANSWER, on=dispute_id)
