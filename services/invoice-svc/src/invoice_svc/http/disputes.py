"""/v1/disputes: contested amounts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from encours.contracts import Recorded
from encours.contracts.dispute import Category, Outcome
from encours.http.commands import Command, command
from encours.http.models import Body, BusinessDate, LongText, MoneyModel, PositiveMoney, ShortText
from encours.http.paging import Listing, paging
from encours.http.queries import AsOf, Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.ledger.session import Session
from encours.reading.pages import Page
from invoice_svc.domain.dispute import Dispute, OpenDispute, ResolveDispute, require
from invoice_svc.http import render
from invoice_svc.http.answers import answer, render_all, stream_of
from invoice_svc.http.shapes import CustomerId, DisputeId, InvoiceId, minor_in
from invoice_svc.read_models.disputes import query
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases import disputes as use_cases
from invoice_svc.use_cases import invoices
from invoice_svc.use_cases.folds import DISPUTE

router = Router(tags=["Disputes"])
PAGE = paging("id", "opened_on", default="id", key="dispute_id", columns={"id": "dispute_id"})


class DisputeBody(Body):
    """What the customer contests, and why."""

    category: Category
    amount: PositiveMoney | None = Field(default=None, description="All that is outstanding if not given.")
    text: LongText = Field(examples=["Two of four tyres were damaged."])
    owner: ShortText | None = Field(default=None, description="Who deals with it.")
    opened_on: BusinessDate | None = Field(default=None, description="Today if not given.")


class ResolveBody(Body):
    """How it ended. `credited` says that you gave in; the credit note is a request of its own."""

    outcome: Outcome
    text: LongText | None = None
    on: BusinessDate | None = Field(default=None, description="Today if not given.")


class DisputeOut(AsOf):
    """A dispute as of a date."""

    id: str
    invoice_id: str
    customer_id: str
    entity_id: str
    category: Category
    amount: MoneyModel
    text: str
    owner: str | None
    opened_on: date
    status: Literal["open", "resolved"]
    outcome: Outcome | None
    resolved_on: date | None
    resolution: str | None
    version: int


class DisputeListing(AsOf, Listing[DisputeOut]):
    """A page of disputes."""


def _show(state: Dispute, version: int, as_of: date) -> dict[str, Any]:
    return render.dispute(state, version)


@router.post("/v1/invoices/{invoice_id}/disputes", response_model=DisputeOut, status_code=201)
async def open_dispute(
    invoice_id: InvoiceId, body: DisputeBody, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Record that the customer contests an amount of the invoice. The rest stays collectable."""
    dispute_id = new_id("dis")

    async def work(session: Session) -> None:
        invoice = await invoices.known(session, invoice_id)
        cmd.require_match(session.version(invoice_id))
        wanted = OpenDispute(
            dispute_id=dispute_id,
            invoice_id=invoice_id,
            category=body.category,
            amount_minor=minor_in(body.amount, invoice.currency, "/amount") if body.amount else None,
            text=body.text,
            owner=body.owner,
            opened_on=body.opened_on or session.meta.today,
        )
        await use_cases.open_dispute(session, wanted)

    return await answer(cmd, await cmd.execute(work), DISPUTE, _show, status=201, at="/v1/disputes")


@router.get("/v1/disputes", response_model=DisputeListing)
async def list_disputes(
    q: Annotated[Query, reading("invoices:read")],
    page: Annotated[Page, PAGE],
    customer_id: CustomerId | None = None,
    invoice_id: InvoiceId | None = None,
    status: Literal["open", "resolved"] | None = None,
) -> Response:
    """Disputes as of a date."""
    async with q.view(NAME) as view:
        rows = await query.disputes(view, page, customer_id=customer_id, invoice_id=invoice_id, status=status)
    shown = await render_all(q, view, [row["dispute_id"] for row in rows], _of_stream)
    return q.respond(
        page.body(rows, lambda row: shown[row["dispute_id"]] | view.time.echo()) | view.time.echo()
    )


@router.get("/v1/disputes/{dispute_id}", response_model=DisputeOut)
async def get_dispute(dispute_id: DisputeId, q: Annotated[Query, reading("invoices:read")]) -> Response:
    """One dispute."""
    events, time = await stream_of(q, dispute_id)
    state = require(DISPUTE.fold(event for event in events if event.effective_on <= time.as_of), dispute_id)
    q.caller.require_entity(state.entity_id)
    last = events[-1]
    return q.respond(render.dispute(state, last.version) | time.echo(), last=last)


@router.post("/v1/disputes/{dispute_id}/resolve", response_model=DisputeOut)
async def resolve_dispute(
    dispute_id: DisputeId, body: ResolveBody, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """End the dispute; what is still owed of its amount is collectable again."""

    async def work(session: Session) -> None:
        await use_cases.known(session, dispute_id)
        cmd.require_match(session.version(dispute_id))
        wanted = ResolveDispute(dispute_id, body.outcome, body.on or session.meta.today, body.text)
        await use_cases.resolve(session, wanted)

    return await answer(cmd, await cmd.execute(work), DISPUTE, _show)


def _of_stream(events: list[Recorded], as_of: date) -> dict[str, Any]:
    state = DISPUTE.fold(event for event in events if event.effective_on <= as_of)
    return render.dispute(state, events[-1].version)
