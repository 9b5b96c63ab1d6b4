"""Routes of /v1/credit-notes and /v1/credits."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from invoice_svc.http.common import CreditNoteId, CustomerId, EntityId, InvoiceId
from invoice_svc.http.credits.answers import (
    CREDIT_ANSWER,
    CREDIT_USE_ANSWER,
    CreditNoteBrief,
    CreditNoteListing,
    CreditUseOut,
    OwnCreditNoteOut,
)
from invoice_svc.http.credits.bodies import ApplyCreditBody, CreditNoteBody, RefundCreditBody
from invoice_svc.read_models.credit_notes import query
from invoice_svc.read_models.credit_notes.query import InvoicesOfCredits
from invoice_svc.read_models.invoices.candidates import Candidates
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.sales import credits

router = Router(tags=["Credits"])
PAGE = paging("id", "issued_on", default="id", key="credit_note_id", columns={"id": "credit_note_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]
Paying = Annotated[Command, command("payments:write")]


@router.post("/v1/credit-notes", response_model=OwnCreditNoteOut, status_code=201)
async def issue_credit_note(body: CreditNoteBody, cmd: Writing) -> Response:
    """Issue a credit note without an invoice. Its total is the customer's credit: to be used, refunded or kept."""
    return await cmd.run(credits.issue, body.to_command(new_id("cre")), answer=CREDIT_ANSWER, status=201)


@router.get("/v1/credit-notes", response_model=CreditNoteListing)
async def list_credit_notes(
    q: Reading,
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    customer_id: CustomerId | None = None,
    invoice_id: InvoiceId | None = None,
) -> Response:
    """List credit notes, on invoices and without, as of a date."""
    async with q.view(NAME) as view:
        rows = await query.credit_notes(
            view, page, entity_id=entity_id, customer_id=customer_id, invoice_id=invoice_id
        )
    return q.respond(page.body(rows, CreditNoteBrief.of) | view.time.echo())


@router.post("/v1/credits/{credit_note_id}/apply", response_model=CreditUseOut)
async def apply_credit(
    credit_note_id: CreditNoteId, cmd: Paying, body: ApplyCreditBody | None = None
) -> Response:
    """Allocate what a credit note has left the customer to other invoices, from today on."""
    return await cmd.run(
        credits.apply,
        (body or ApplyCreditBody()).to_command(credit_note_id),
        InvoicesOfCredits(cmd.services.db, cmd.ledger),
        Candidates(cmd.services.db, cmd.ledger),
        answer=CREDIT_USE_ANSWER,
    )


@router.post("/v1/credits/{credit_note_id}/refund", response_model=CreditUseOut)
async def refund_credit(credit_note_id: CreditNoteId, body: RefundCreditBody, cmd: Paying) -> Response:
    """Order that what a credit note has left the customer is paid back."""
    return await cmd.run(
        credits.refund,
        body.to_command(credit_note_id),
        InvoicesOfCredits(cmd.services.db, cmd.ledger),
        answer=CREDIT_USE_ANSWER,
    )
