"""/v1/invoices: draft, issue, credit, find, look back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Query as QueryParam
from starlette.responses import Response

from encours.contracts import Recorded
from encours.http.batch import BatchOut, ItemDone, run_batch
from encours.http.commands import Command, command
from encours.http.models import BusinessDate
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.ledger.execute import Done
from encours.ledger.session import Session
from encours.reading.pages import Page
from invoice_svc.domain.invoice.commands import IssueInvoice
from invoice_svc.domain.invoice.decide import content_of
from invoice_svc.domain.invoice.state import fold_as_of, require
from invoice_svc.http import render
from invoice_svc.http.answers import answer, answered, is_now, render_all, stream_of
from invoice_svc.http.invoice_shapes import (
    CreditBody,
    CreditOut,
    DraftBatch,
    DraftBody,
    DraftPatch,
    HistoryOut,
    InvoiceListing,
    InvoiceOut,
    IssueBody,
    patched,
)
from invoice_svc.http.shapes import CustomerId, EntityId, InvoiceId
from invoice_svc.read_models.invoices import query
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases import credits as credit_notes
from invoice_svc.use_cases import entities
from invoice_svc.use_cases import invoices as use_cases
from invoice_svc.use_cases.folds import INVOICE

router = Router(tags=["Invoices"])
PAGE = paging(
    "id", "due_on", "issued_on", "number",
    default="id", key="invoice_id", columns={"id": "invoice_id"}, nullable=("due_on", "issued_on", "number"),
)  # fmt: skip


@router.post("/v1/invoices", response_model=InvoiceOut, status_code=201)
async def create_invoice(body: DraftBody, cmd: Annotated[Command, command("invoices:write")]) -> Response:
    """Make a draft. With `issue` it gets its legal number in the same step."""
    done = await _create(cmd, body, body.issue, body.issued_on)
    return await answer(cmd, done, INVOICE, render.invoice, status=201, at="/v1/invoices")


@router.post("/v1/invoices:batch", response_model=BatchOut)
async def create_invoices(body: DraftBatch, cmd: Annotated[Command, command("invoices:write")]) -> Response:
    """Make up to 1,000 drafts, each judged alone. With `issue` each gets its legal number in the same step."""

    async def one(item_cmd: Command, item: DraftBody) -> ItemDone:
        done = await _create(item_cmd, item, body.issue or item.issue, item.issued_on or body.issued_on)
        if item_cmd.meta.dry_run:
            return ItemDone(done)
        state, version = await done.state(INVOICE, done.answer["id"])
        return ItemDone(done, state.invoice_id, 201, _brief(state.number, state.due_on, version))

    return await run_batch(cmd, body.items, DraftBody, one)


@router.get("/v1/invoices", response_model=InvoiceListing)
async def list_invoices(
    q: Annotated[Query, reading("invoices:read")],
    page: Annotated[Page, PAGE],
    customer_id: CustomerId | None = None,
    entity_id: EntityId | None = None,
    status: query.InvoiceStatus | None = None,
    due_before: BusinessDate | None = None,
    number: Annotated[str | None, QueryParam(max_length=60)] = None,
    text: Annotated[
        str | None,
        QueryParam(
            alias="q", max_length=200, description="Beginning of number, reference or customer's name."
        ),
    ] = None,
) -> Response:
    """Invoices, with their status as of the date that is asked for."""
    wanted = query.InvoiceFilter(customer_id, entity_id, status, due_before, number, text)
    async with q.view(NAME) as view:
        rows = await query.invoices(view, page, wanted, now=await is_now(q))
    shown = await render_all(q, view, [row["invoice_id"] for row in rows], _of_stream)
    return q.respond(
        page.body(rows, lambda row: shown[row["invoice_id"]] | view.time.echo()) | view.time.echo()
    )


@router.get("/v1/invoices/{invoice_id}", response_model=InvoiceOut)
async def get_invoice(invoice_id: InvoiceId, q: Annotated[Query, reading("invoices:read")]) -> Response:
    """One invoice, folded from its events."""
    events, time = await stream_of(q, invoice_id)
    state = require(fold_as_of(events, time.as_of), invoice_id)
    q.caller.require_entity(state.entity_id)
    last = events[-1]
    return q.respond(render.invoice(state, last.version, time.as_of) | time.echo(), last=last)


@router.get("/v1/invoices/{invoice_id}/history", response_model=HistoryOut)
async def get_invoice_history(
    invoice_id: InvoiceId, q: Annotated[Query, reading("invoices:read")]
) -> Response:
    """Every fact of the invoice that counts as of the date, in the order in which it was recorded."""
    events, time = await stream_of(q, invoice_id)
    state = require(fold_as_of(events, time.as_of), invoice_id)
    q.caller.require_entity(state.entity_id)
    facts = [render.history(event) for event in events if event.effective_on <= time.as_of]
    return q.respond({"data": facts} | time.echo(), last=events[-1])


@router.patch("/v1/invoices/{invoice_id}", response_model=InvoiceOut)
async def amend_invoice(
    invoice_id: InvoiceId, body: DraftPatch, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Change a draft; what is not named stays."""

    async def work(session: Session) -> None:
        state = await use_cases.known(session, invoice_id)
        cmd.require_match(session.version(invoice_id))
        content = patched(body, content_of(state), state.currency, session.meta.today)
        await use_cases.amend(session, invoice_id, content)

    return await answer(cmd, await cmd.execute(work), INVOICE, render.invoice)


@router.post("/v1/invoices/{invoice_id}/issue", response_model=InvoiceOut)
async def issue_invoice(
    invoice_id: InvoiceId, cmd: Annotated[Command, command("invoices:write")], body: IssueBody | None = None
) -> Response:
    """Give the draft the next legal number of its series. The date is not before the last one of the series."""

    async def work(session: Session) -> None:
        await use_cases.known(session, invoice_id)
        cmd.require_match(session.version(invoice_id))
        issued_on = body.issued_on if body and body.issued_on else session.meta.today
        await use_cases.issue(session, IssueInvoice(invoice_id, issued_on))

    return await answer(cmd, await cmd.execute(work), INVOICE, render.invoice)


@router.post("/v1/invoices/{invoice_id}/cancel", response_model=InvoiceOut)
async def cancel_invoice(
    invoice_id: InvoiceId, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Give up a draft. What is issued is corrected with a credit note."""

    async def work(session: Session) -> None:
        await use_cases.known(session, invoice_id)
        cmd.require_match(session.version(invoice_id))
        await use_cases.cancel(session, invoice_id)

    return await answer(cmd, await cmd.execute(work), INVOICE, render.invoice)


@router.post("/v1/invoices/{invoice_id}/credit-notes", response_model=CreditOut, status_code=201)
async def credit_invoice(
    invoice_id: InvoiceId, cmd: Annotated[Command, command("invoices:write")], body: CreditBody | None = None
) -> Response:
    """Take an amount off an issued invoice, at most what is outstanding; the whole of that cancels it."""
    credit_note_id, wanted = new_id("cre"), body or CreditBody()

    async def work(session: Session) -> None:
        state = await use_cases.known(session, invoice_id)
        cmd.require_match(session.version(invoice_id))
        credit = wanted.to_command(invoice_id, credit_note_id, session.meta.today, state.currency)
        await credit_notes.credit(session, credit)

    done = await cmd.execute(work)
    return cmd.respond(done, {}) if cmd.meta.dry_run else await _credited(cmd, done)


async def _create(cmd: Command, body: DraftBody, issue: bool, issued_on: date | None) -> Done:
    invoice_id, day = new_id("inv"), issued_on or cmd.meta.today

    async def work(session: Session) -> None:
        entity = await entities.known(session, body.entity_id)
        draft = body.to_command(invoice_id, day, entity.currency)
        if issue:
            await use_cases.draft_and_issue(session, draft, day)
        else:
            await use_cases.draft(session, draft)

    return await cmd.execute(work)


async def _credited(cmd: Command, done: Done) -> Response:
    invoice, version = await answered(done, INVOICE, done.answer["id"], render.invoice)
    note = next(n for n in invoice["credit_notes"] if n["id"] == done.answer["credit_note_id"])
    echo = {name: invoice[name] for name in ("as_of", "known_at", "position")}
    body = note | {"invoice_id": invoice["id"], "invoice": invoice} | echo
    return cmd.respond(done, body, status=201, version=version)


def _brief(number: str | None, due_on: date | None, version: int) -> dict[str, Any]:
    return {"number": number, "due_on": render.day(due_on), "version": version}


def _of_stream(events: list[Recorded], as_of: date) -> dict[str, Any]:
    return render.invoice(fold_as_of(events, as_of), events[-1].version, as_of)
