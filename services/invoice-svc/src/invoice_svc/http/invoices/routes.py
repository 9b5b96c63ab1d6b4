"""Routes of /v1/invoices."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query as QueryParam
from starlette.responses import Response

from encours.contracts.common import Purpose
from encours.http.batch import BatchOut, run_batch
from encours.http.commands import Command, command
from encours.http.models import BusinessDate
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from invoice_svc.domain.invoice.commands import CancelInvoice
from invoice_svc.domain.invoice.status import BusinessLabel
from invoice_svc.http.common import CustomerId, EntityId, FieldValueText, InvoiceId
from invoice_svc.http.custom_fields.bodies import InvoiceFieldsBody
from invoice_svc.http.history import HistoryOut, TextLanguage, show_history
from invoice_svc.http.invoices.answers import (
    BRIEF_ANSWER,
    CORRECTION_ANSWER,
    CREDIT_ANSWER,
    INVOICE_ANSWER,
    CorrectedInvoiceOut,
    CreditedInvoiceOut,
    InvoiceListing,
    InvoiceOut,
)
from invoice_svc.http.invoices.bodies import (
    CorrectionBody,
    CreditBody,
    DraftBatch,
    DraftBody,
    DraftPatch,
    IssueBody,
    ProvisionBody,
    UnrecoverableBody,
    WriteOffBody,
    WriteOffReversalBody,
)
from invoice_svc.http.invoices.promised import with_promises
from invoice_svc.http.reads import days_of, is_now, show, show_page
from invoice_svc.read_models.entities.query import entities_seen
from invoice_svc.read_models.invoices import query
from invoice_svc.read_models.invoices.statuses import CrmLabel, InvoiceStatus
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.parties import custom_fields
from invoice_svc.use_cases.sales import corrections, invoices

router = Router(tags=["Invoices"])
PAGE = paging(
    "id", "due_on", "issued_on", "number", "relevance",
    default="id", key="invoice_id", columns={"id": "invoice_id"}, nullable=("due_on", "issued_on", "number"),
    searched="-relevance",
)  # fmt: skip
SEARCH = (
    "Search: all or part of the number (`2026-42`, `FAC 42`), the total (`1 234,50`), the customer's name, however"
    " accented or misspelt, the reference, or words of the lines. The best matches come first, and of them the newest;"
    " `matched` says what matched."
)
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/invoices", response_model=InvoiceOut, status_code=201)
async def create_invoice(body: DraftBody, cmd: Writing) -> Response:
    """Create a draft. With `issue` it also gets its legal number."""
    return await cmd.run(
        invoices.draft, body.to_command(new_id("inv")), answer=INVOICE_ANSWER, status=201, at="/v1/invoices"
    )


@router.post("/v1/invoices:batch", response_model=BatchOut)
async def create_invoices(body: DraftBatch, cmd: Writing) -> Response:
    """Create up to 1,000 drafts, each validated separately. With `issue` each also gets its legal number."""
    return await run_batch(cmd, body.items, DraftBody, body.to_command, invoices.draft, answer=BRIEF_ANSWER)


@router.get("/v1/invoices", response_model=InvoiceListing)
async def list_invoices(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: CustomerId | None = None,
    payer_id: Annotated[
        CustomerId | None,
        QueryParam(description="Invoices that this customer pays on the date, its own included."),
    ] = None,
    entity_id: EntityId | None = None,
    status: InvoiceStatus | None = None,
    business: BusinessLabel | None = None,
    crm: CrmLabel | None = None,
    due_before: BusinessDate | None = None,
    purpose: Purpose | None = None,
    number: Annotated[str | None, QueryParam(max_length=60)] = None,
    field: Annotated[
        list[FieldValueText] | None,
        QueryParam(
            max_length=10, description="Values of custom fields, all of which an invoice has to have."
        ),
    ] = None,
    text: Annotated[
        str | None,
        QueryParam(
            alias="q",
            max_length=200,
            description=SEARCH,
        ),
    ] = None,
) -> Response:
    """List invoices with their status as of a date: without one, on today of their entity."""
    wanted = query.InvoiceFilter(
        customer_id, payer_id, entity_id, status, business, crm, due_before, number, text,
        purpose, tuple(field or ()),
    )  # fmt: skip
    async with q.view(NAME) as view:
        if status or business or crm:
            wanted = replace(wanted, days=await days_of(q, await entities_seen(view)))
        rows = await query.invoices(view, page, wanted, now=await is_now(q))
        return await show_page(
            q, view, page, rows, "invoice_id", INVOICE_ANSWER, columns=("matched",), complete=with_promises
        )


@router.get("/v1/invoices/{invoice_id}", response_model=InvoiceOut)
async def get_invoice(invoice_id: InvoiceId, q: Reading) -> Response:
    """Get an invoice as of a date."""
    return await show(q, INVOICE_ANSWER, invoice_id, NAME, with_promises)


@router.get("/v1/invoices/{invoice_id}/history", response_model=HistoryOut)
async def get_invoice_history(invoice_id: InvoiceId, q: Reading, lang: TextLanguage = "en") -> Response:
    """List the events of the invoice that are effective as of the date, in the order of recording, each in words."""
    return await show_history(q, INVOICE_ANSWER, invoice_id, lang)


@router.patch("/v1/invoices/{invoice_id}", response_model=InvoiceOut)
async def amend_invoice(invoice_id: InvoiceId, body: DraftPatch, cmd: Writing) -> Response:
    """Change a draft; omitted fields stay unchanged."""
    return await cmd.run(invoices.amend, body.to_command(invoice_id), answer=INVOICE_ANSWER, on=invoice_id)


@router.patch("/v1/invoices/{invoice_id}/fields", response_model=InvoiceOut)
async def set_invoice_fields(invoice_id: InvoiceId, body: InvoiceFieldsBody, cmd: Writing) -> Response:
    """Set values of custom fields, of a draft or an issued invoice; fields that are left out stay."""
    return await cmd.run(
        custom_fields.set_on_invoice, body.to_command(invoice_id), answer=INVOICE_ANSWER, on=invoice_id
    )


@router.post("/v1/invoices/{invoice_id}/issue", response_model=InvoiceOut)
async def issue_invoice(invoice_id: InvoiceId, cmd: Writing, body: IssueBody | None = None) -> Response:
    """Give the draft the next legal number of its series. The date must not precede the last one of the series.

    Where the credit policy of the entity asks for it (`orders.direct_invoices` in risk-svc), what it bills beside
    deliveries in Encours needs reservations that it has ended (`invoice-not-cleared`).
    """
    wanted = (body or IssueBody()).to_command(invoice_id)
    return await cmd.run(invoices.issue, wanted, answer=INVOICE_ANSWER, on=invoice_id)


@router.post("/v1/invoices/{invoice_id}/cancel", response_model=InvoiceOut)
async def cancel_invoice(invoice_id: InvoiceId, cmd: Writing) -> Response:
    """Cancel a draft. An issued invoice is corrected, or credited."""
    return await cmd.run(invoices.cancel, CancelInvoice(invoice_id), answer=INVOICE_ANSWER, on=invoice_id)


@router.post("/v1/invoices/{invoice_id}/credit-notes", response_model=CreditedInvoiceOut, status_code=201)
async def credit_invoice(invoice_id: InvoiceId, cmd: Writing, body: CreditBody | None = None) -> Response:
    """Credit an issued invoice, paid or not. A credit note for all of it cancels the invoice.

    Payments above what is left of the debt become unapplied cash: the customer is in credit.
    """
    wanted = (body or CreditBody()).to_command(invoice_id, new_id("cre"))
    return await cmd.run(invoices.credit, wanted, answer=CREDIT_ANSWER, on=invoice_id, status=201)


@router.post("/v1/invoices/{invoice_id}/correct", response_model=CorrectedInvoiceOut, status_code=201)
async def correct_invoice(invoice_id: InvoiceId, body: CorrectionBody, cmd: Writing) -> Response:
    """Replace an issued invoice: a credit note over all that is left of it, and a new invoice that cites it.

    Payments of the old invoice settle the new one; what it does not take is unapplied cash. An invoice is corrected
    once (`invoice-corrected`); after that the new one is. With `issue` false the new invoice is a draft, which can be
    amended, submitted and approved; its issue makes the whole correction in one step.
    """
    wanted = body.to_correction(invoice_id)
    return await cmd.run(
        corrections.correct, wanted, answer=CORRECTION_ANSWER, on=invoice_id, status=201, at="/v1/invoices"
    )


@router.post("/v1/invoices/{invoice_id}/provision", response_model=InvoiceOut)
async def provision_invoice(invoice_id: InvoiceId, body: ProvisionBody, cmd: Writing) -> Response:
    """Set the provision for a doubtful debt. It changes nothing of what is owed."""
    return await cmd.run(
        invoices.provision, body.to_command(invoice_id), answer=INVOICE_ANSWER, on=invoice_id
    )


@router.post("/v1/invoices/{invoice_id}/unrecoverable", response_model=InvoiceOut)
async def declare_unrecoverable(invoice_id: InvoiceId, body: UnrecoverableBody, cmd: Writing) -> Response:
    """Declare an amount definitively lost. Its VAT is relieved on evidence; a later payment is accepted."""
    return await cmd.run(
        invoices.declare_unrecoverable, body.to_command(invoice_id), answer=INVOICE_ANSWER, on=invoice_id
    )


@router.post("/v1/invoices/{invoice_id}/write-off", response_model=InvoiceOut)
async def write_off_invoice(invoice_id: InvoiceId, body: WriteOffBody, cmd: Writing) -> Response:
    """Write off an irrecoverable amount. The debt is not extinguished: interest accrues, and a payment is accepted."""
    return await cmd.run(
        invoices.write_off, body.to_command(invoice_id), answer=INVOICE_ANSWER, on=invoice_id
    )


@router.post("/v1/invoices/{invoice_id}/write-off/reverse", response_model=InvoiceOut)
async def reverse_write_off(invoice_id: InvoiceId, body: WriteOffReversalBody, cmd: Writing) -> Response:
    """Reverse the whole write-off: the invoice is open again from its original due date."""
    return await cmd.run(
        invoices.reverse_write_off, body.to_command(invoice_id), answer=INVOICE_ANSWER, on=invoice_id
    )
