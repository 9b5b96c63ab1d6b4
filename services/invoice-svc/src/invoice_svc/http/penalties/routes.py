"""Routes of /v1/penalty-documents."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from invoice_svc.domain.interest.penalties import PenaltyDocumentNotFound
from invoice_svc.http.common import CustomerId, EntityId, InvoiceId
from invoice_svc.http.invoices.answers import (
    CREDIT_ANSWER,
    INVOICE_ANSWER,
    CreditedInvoiceOut,
    InvoiceListing,
    InvoiceOut,
)
from invoice_svc.http.penalties.bodies import PenaltyCancellationBody, PenaltyDocumentBody
from invoice_svc.http.reads import is_now, read, show, show_page
from invoice_svc.read_models.invoices import query
from invoice_svc.read_models.invoices.late import DebtorFiles
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.sales import penalties

router = Router(tags=["Penalties"])
PAGE = paging(
    "id", "issued_on", default="id", key="invoice_id", columns={"id": "invoice_id"}, nullable=("issued_on",)
)
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/penalty-documents", response_model=InvoiceOut, status_code=201)
async def claim_penalties(body: PenaltyDocumentBody, cmd: Writing) -> Response:
    """Claim late-payment interest and recovery fees of a customer, in a document of their own without VAT.

    It claims what is due up to `until` less what other documents claim and what was waived, so nothing is claimed
    twice; a later document goes on from there. It is an invoice of purpose `penalty`, due on its day: payments,
    disputes and reminders work as on any other. Its series is one for penalty documents
    (`PUT /v1/entities/{id}/series/{code}` with `"document": "penalty_document"`). Days whose reference rate is not on
    file yet are refused (`rate-not-published`).
    """
    return await cmd.run(
        penalties.claim,
        body.to_command(new_id("inv")),
        DebtorFiles(cmd.services.db, cmd.ledger),
        answer=INVOICE_ANSWER,
        status=201,
        at="/v1/penalty-documents",
    )


@router.get("/v1/penalty-documents", response_model=InvoiceListing)
async def list_penalty_documents(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: CustomerId | None = None,
    entity_id: EntityId | None = None,
) -> Response:
    """List penalty documents as of a date; with `invoices` they are in `GET /v1/invoices` too."""
    wanted = query.InvoiceFilter(customer_id, entity_id=entity_id, purpose="penalty")
    async with q.view(NAME) as view:
        rows = await query.invoices(view, page, wanted, now=await is_now(q))
    return await show_page(q, view, page, rows, "invoice_id", INVOICE_ANSWER, columns=("matched",))


@router.get("/v1/penalty-documents/{document_id}", response_model=InvoiceOut)
async def get_penalty_document(document_id: InvoiceId, q: Reading) -> Response:
    """Get a penalty document as of a date: `penalises` lists what it claims for each invoice, segment by segment."""
    state, _, _ = await read(q, INVOICE_ANSWER, document_id)
    if state.purpose != "penalty":
        raise PenaltyDocumentNotFound(document_id)
    return await show(q, INVOICE_ANSWER, document_id)


@router.post("/v1/penalty-documents/{document_id}/cancel", response_model=CreditedInvoiceOut, status_code=201)
async def cancel_penalty_document(
    document_id: InvoiceId, body: PenaltyCancellationBody, cmd: Writing
) -> Response:
    """Cancel a penalty document by a credit note over all that is left of it; its days can be claimed again.

    What was paid of it becomes unapplied cash: the customer is in credit.
    """
    wanted = body.to_command(document_id, new_id("cre"))
    return await cmd.run(penalties.cancel, wanted, answer=CREDIT_ANSWER, on=document_id, status=201)
