"""/v1/payments: money in, where it went, and back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from encours.contracts import Recorded
from encours.http.commands import Command, command
from encours.http.models import Body, BusinessDate, MoneyModel, PositiveMoney, ShortText
from encours.http.paging import Listing, paging
from encours.http.problems import UNAVAILABLE
from encours.http.queries import AsOf, Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.kernel.texts import SEVERAL_LINES
from encours.ledger.session import Session
from encours.reading.moment import WAIT_S
from encours.reading.pages import Page
from invoice_svc.domain.payment.commands import (
    AllocatePayment,
    ReceivePayment,
    ReleasePayment,
    ReversePayment,
)
from invoice_svc.domain.payment.state import Payment, fold_as_of, require
from invoice_svc.http import render
from invoice_svc.http.answers import answer, render_all, stream_of
from invoice_svc.http.shapes import AllocationId, CustomerId, EntityId, InvoiceId, Method, PaymentId, minor_in
from invoice_svc.read_models.invoices.query import candidates
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.payments import query
from invoice_svc.use_cases import payments as use_cases
from invoice_svc.use_cases.folds import PAYMENT

router = Router(tags=["Payments"])
PAGE = paging("id", "received_on", default="id", key="payment_id", columns={"id": "payment_id"})

DEFERRED = (
    "The search for open invoices is behind the ledger just now: the payment is recorded and unapplied. "
    "POST …/allocations without a body puts it on invoices."
)


class AllocationBody(Body):
    """A part of the payment for one invoice."""

    invoice_id: InvoiceId
    amount: PositiveMoney


class PaymentBody(Body):
    """Money in. Without `allocations` the numbers in `remittance_text` say where it goes, then the oldest due."""

    entity_id: EntityId
    customer_id: CustomerId | None = None
    received_on: BusinessDate = Field(description="When the funds were available.")
    amount: PositiveMoney
    method: Method = "transfer"
    remittance_text: Annotated[str, StringConstraints(max_length=2000, pattern=SEVERAL_LINES)] | None = Field(
        default=None, examples=["VIR GARAGE DUPONT FAC-2026-000123"]
    )
    external_ref: ShortText | None = Field(default=None, description="The bank's or the gateway's reference.")
    allocations: list[AllocationBody] | None = Field(
        default=None, max_length=500, description="Where it goes; an empty list leaves all of it unapplied."
    )


class AllocateBody(Body):
    """Where unapplied cash goes; as at the receipt if not given."""

    allocations: list[AllocationBody] | None = Field(default=None, max_length=500)
    customer_id: CustomerId | None = Field(default=None, description="The payer, where it was unknown.")


class ReleaseBody(Body):
    """Allocations to take back; all if not given."""

    allocation_ids: list[AllocationId] | None = Field(default=None, min_length=1, max_length=500)


class ReverseBody(Body):
    """Why and when the payment came undone."""

    reason: ShortText = Field(examples=["AC04 closed account"])
    on: BusinessDate | None = Field(default=None, description="Today if not given.")


class AllocationOut(BaseModel):
    """A part of a payment on an invoice, by which rule, on what basis, by what evidence."""

    id: str
    invoice_id: str
    amount: MoneyModel
    rule: Literal["instructed", "debtor_indication", "oldest_due"]
    basis: str
    evidence: str | None
    effective_on: date


class PaymentOut(AsOf):
    """A payment as of a date."""

    id: str
    entity_id: str
    customer_id: str | None
    received_on: date
    amount: MoneyModel
    allocated: MoneyModel
    unapplied: MoneyModel
    currency: str
    method: Method
    remittance_text: str | None
    external_ref: str | None
    status: Literal["unapplied", "part_allocated", "allocated", "reversed"]
    reversed_on: date | None = Field(
        description="The bank's date. It counts from then on, or from when its cash was released, where that was later."
    )
    reversal_reason: str | None
    allocations: list[AllocationOut]
    version: int
    note: str | None = Field(default=None, description="Set if the search for open invoices was behind.")


class PaymentListing(AsOf, Listing[PaymentOut]):
    """A page of payments."""


def _show(state: Payment, version: int, as_of: date) -> dict[str, Any]:
    return render.payment(state, version)


@router.post("/v1/payments", response_model=PaymentOut, status_code=201)
async def receive_payment(body: PaymentBody, cmd: Annotated[Command, command("payments:write")]) -> Response:
    """Record money that came in and put it on invoices. What none takes stays unapplied cash of the customer."""
    currency = body.amount.currency
    wanted = ReceivePayment(
        payment_id=new_id("pay"),
        entity_id=body.entity_id,
        customer_id=body.customer_id,
        received_on=body.received_on,
        amount_minor=body.amount.minor,
        currency=currency,
        method=body.method,
        remittance_text=body.remittance_text,
        external_ref=body.external_ref,
        allocations=_pairs(body.allocations, currency),
    )
    found: list[str] | None = []
    if body.allocations is None:
        found = await _candidates(cmd, wanted.entity_id, wanted.customer_id, currency, wanted.remittance_text)

    async def work(session: Session) -> None:
        await use_cases.receive(session, wanted, found or ())
        session.answer(note=DEFERRED if found is None else None)

    return await answer(cmd, await cmd.execute(work), PAYMENT, _show, status=201, at="/v1/payments")


@router.get("/v1/payments", response_model=PaymentListing)
async def list_payments(
    q: Annotated[Query, reading("invoices:read")],
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    customer_id: CustomerId | None = None,
) -> Response:
    """Payments as of a date."""
    async with q.view(NAME) as view:
        rows = await query.payments(view, page, entity_id=entity_id, customer_id=customer_id)
    shown = await render_all(q, view, [row["payment_id"] for row in rows], _of_stream)
    return q.respond(
        page.body(rows, lambda row: shown[row["payment_id"]] | view.time.echo()) | view.time.echo()
    )


@router.get("/v1/payments/{payment_id}", response_model=PaymentOut)
async def get_payment(payment_id: PaymentId, q: Annotated[Query, reading("invoices:read")]) -> Response:
    """One payment with the allocations that stand."""
    events, time = await stream_of(q, payment_id)
    state = require(fold_as_of(events, time.as_of), payment_id)
    q.caller.require_entity(state.entity_id)
    last = events[-1]
    return q.respond(render.payment(state, last.version) | time.echo(), last=last)


@router.post("/v1/payments/{payment_id}/allocations", response_model=PaymentOut)
async def allocate_payment(
    payment_id: PaymentId,
    cmd: Annotated[Command, command("payments:write")],
    body: AllocateBody | None = None,
) -> Response:
    """Put unapplied cash on invoices, from today on: as instructed, else as the bank text says, else the oldest due."""
    asked = body or AllocateBody()
    payment = require(PAYMENT.fold(await cmd.ledger.read_stream(cmd.meta.ledger, payment_id)), payment_id)
    cmd.caller.require_entity(payment.entity_id)
    payer, currency = asked.customer_id or payment.customer_id, payment.currency
    wanted = AllocatePayment(payment_id, _pairs(asked.allocations, currency), asked.customer_id)
    found: list[str] | None = []
    if asked.allocations is None:
        found = await _candidates(cmd, payment.entity_id, payer, currency, payment.remittance_text)

    async def work(session: Session) -> None:
        await use_cases.known(session, payment_id)
        cmd.require_match(session.version(payment_id))
        await use_cases.allocate(session, wanted, found or ())
        session.answer(note=DEFERRED if found is None else None)

    return await answer(cmd, await cmd.execute(work), PAYMENT, _show)


@router.post("/v1/payments/{payment_id}/release", response_model=PaymentOut)
async def release_payment(
    payment_id: PaymentId, cmd: Annotated[Command, command("payments:write")], body: ReleaseBody | None = None
) -> Response:
    """Take allocations back, from today on: their amounts are unapplied cash again."""
    chosen = tuple(body.allocation_ids) if body and body.allocation_ids is not None else None

    async def work(session: Session) -> None:
        await use_cases.known(session, payment_id)
        cmd.require_match(session.version(payment_id))
        await use_cases.release(session, ReleasePayment(payment_id, chosen))

    return await answer(cmd, await cmd.execute(work), PAYMENT, _show)


@router.post("/v1/payments/{payment_id}/reverse", response_model=PaymentOut)
async def reverse_payment(
    payment_id: PaymentId, body: ReverseBody, cmd: Annotated[Command, command("payments:write")]
) -> Response:
    """The payment came undone: its invoices are open again from their original due dates."""

    async def work(session: Session) -> None:
        await use_cases.known(session, payment_id)
        cmd.require_match(session.version(payment_id))
        wanted = ReversePayment(payment_id, body.on or session.meta.today, body.reason)
        await use_cases.reverse(session, wanted)

    return await answer(cmd, await cmd.execute(work), PAYMENT, _show)


def _pairs(allocations: list[AllocationBody] | None, currency: str) -> tuple[tuple[str, int], ...] | None:
    if allocations is None:
        return None
    return tuple(
        (part.invoice_id, minor_in(part.amount, currency, f"/allocations/{i}/amount"))
        for i, part in enumerate(allocations)
    )


async def _candidates(
    cmd: Command, entity_id: str, customer_id: str | None, currency: str, text: str | None
) -> list[str] | None:
    """Open invoices that the money may settle; ``None`` if the read model cannot tell within two seconds.

    It is asked only after it has reached the head that the ledger had, so that an invoice issued just before its
    payment is found. Money is recorded whatever becomes of the search.
    """
    if customer_id is None and not text:
        return []
    ledger, db = cmd.meta.ledger, cmd.services.db
    head = await cmd.ledger.head(ledger)
    try:
        if not await db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
            return None
        async with db.snapshot(NAME, ledger) as (conn, schema, _):
            return await candidates(
                conn, schema, entity_id=entity_id, customer_id=customer_id, currency=currency, text=text
            )
    except UNAVAILABLE:
        return None


def _of_stream(events: list[Recorded], as_of: date) -> dict[str, Any]:
    return render.payment(fold_as_of(events, as_of), events[-1].version)
