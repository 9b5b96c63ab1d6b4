"""Routes of /v1/payments."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.contracts.events.money.payment import ReturnConsequence, ReversalKind
from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from invoice_svc.http.common import CustomerId, EntityId, PaymentId, RefundId, ReversalId
from invoice_svc.http.history import HistoryOut, TextLanguage, show_history
from invoice_svc.http.payments.answers import PAYMENT_ANSWER, SETTLED_ANSWER, PaymentListing, PaymentOut
from invoice_svc.http.payments.bodies import (
    AllocateBody,
    PaymentBody,
    ReasonCode,
    ReassignBody,
    RefundBody,
    RefundReturnedBody,
    RefundSentBody,
    ReleaseBody,
    RestoreBody,
    ReverseBody,
)
from invoice_svc.http.reads import show, show_page
from invoice_svc.read_models.advices.lookup import AdviceQueries
from invoice_svc.read_models.invoices.candidates import Candidates
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.payments import query
from invoice_svc.use_cases.money import payments, refunds, reversals

router = Router(tags=["Payments"])
PAGE = paging("id", "received_on", default="id", key="payment_id", columns={"id": "payment_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("payments:write")]


@router.post("/v1/payments", response_model=PaymentOut, status_code=201)
async def receive_payment(body: PaymentBody, cmd: Writing) -> Response:
    """Record a payment and allocate it to invoices. The rest is the customer's unapplied cash."""
    return await cmd.run(
        payments.receive,
        body.to_command(),
        Candidates(cmd.services.db, cmd.ledger),
        AdviceQueries(cmd.services.db, cmd.ledger).open_advices,
        answer=SETTLED_ANSWER,
        status=201,
        at="/v1/payments",
    )


@router.get("/v1/payments", response_model=PaymentListing)
async def list_payments(
    q: Reading,
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    customer_id: CustomerId | None = None,
    reversal_kind: ReversalKind | None = None,
    return_code: ReasonCode | None = None,
    consequence: ReturnConsequence | None = None,
) -> Response:
    """List payments as of a date; by kind, reason code and consequence those that were reversed, or a part of them."""
    wanted = query.PaymentFilter(entity_id, customer_id, reversal_kind, return_code, consequence)
    async with q.view(NAME) as view:
        rows = await query.payments(view, page, wanted)
    return await show_page(q, view, page, rows, "payment_id", PAYMENT_ANSWER)


@router.get("/v1/payments/{payment_id}", response_model=PaymentOut)
async def get_payment(payment_id: PaymentId, q: Reading) -> Response:
    """Get a payment with the allocations in force."""
    return await show(q, PAYMENT_ANSWER, payment_id)


@router.get("/v1/payments/{payment_id}/history", response_model=HistoryOut)
async def get_payment_history(payment_id: PaymentId, q: Reading, lang: TextLanguage = "en") -> Response:
    """List the events of the payment that are effective as of the date, in the order of recording, each in words."""
    return await show_history(q, PAYMENT_ANSWER, payment_id, lang)


@router.post("/v1/payments/{payment_id}/allocations", response_model=PaymentOut)
async def allocate_payment(payment_id: PaymentId, cmd: Writing, body: AllocateBody | None = None) -> Response:
    """Allocate unapplied cash from today on: as instructed, else as the payer says, else in the order of the law."""
    return await cmd.run(
        payments.allocate,
        (body or AllocateBody()).to_command(payment_id),
        Candidates(cmd.services.db, cmd.ledger),
        AdviceQueries(cmd.services.db, cmd.ledger).open_advices,
        answer=SETTLED_ANSWER,
        on=payment_id,
    )


@router.post("/v1/payments/{payment_id}/reassign", response_model=PaymentOut)
async def reassign_payment(payment_id: PaymentId, body: ReassignBody, cmd: Writing) -> Response:
    """Move a payment that was booked to another customer to the one who paid, with its date of receipt."""
    return await cmd.run(
        payments.reassign,
        body.to_command(payment_id),
        Candidates(cmd.services.db, cmd.ledger),
        AdviceQueries(cmd.services.db, cmd.ledger).open_advices,
        answer=SETTLED_ANSWER,
        on=payment_id,
    )


@router.post("/v1/payments/{payment_id}/release", response_model=PaymentOut)
async def release_payment(payment_id: PaymentId, cmd: Writing, body: ReleaseBody | None = None) -> Response:
    """Release allocations from today on: their amounts become unapplied cash."""
    wanted = (body or ReleaseBody()).to_command(payment_id)
    return await cmd.run(payments.release, wanted, answer=PAYMENT_ANSWER, on=payment_id)


@router.post("/v1/payments/{payment_id}/reverse", response_model=PaymentOut)
async def reverse_payment(payment_id: PaymentId, body: ReverseBody, cmd: Writing) -> Response:
    """Reverse a payment that the bank returned, or a part: invoices are open again from their original due dates."""
    wanted = body.to_command(payment_id, new_id("rvl"))
    return await cmd.run(reversals.reverse, wanted, answer=PAYMENT_ANSWER, on=payment_id)


@router.post("/v1/payments/{payment_id}/reversals/{reversal_id}/restore", response_model=PaymentOut)
async def restore_reversal(
    payment_id: PaymentId, reversal_id: ReversalId, body: RestoreBody, cmd: Writing
) -> Response:
    """Restore what a reversal took that was recorded wrongly, from the day it counted, on the invoices that it left."""
    wanted = body.to_command(payment_id, reversal_id)
    return await cmd.run(reversals.restore, wanted, answer=PAYMENT_ANSWER, on=payment_id)


@router.post("/v1/payments/{payment_id}/refund", response_model=PaymentOut)
async def refund_payment(payment_id: PaymentId, body: RefundBody, cmd: Writing) -> Response:
    """Order that unapplied cash is paid back. It can no longer be allocated from then on."""
    wanted = body.to_command(payment_id, new_id("rfd"))
    return await cmd.run(refunds.order_refund, wanted, answer=PAYMENT_ANSWER, on=payment_id)


@router.post("/v1/payments/{payment_id}/refunds/{refund_id}/sent", response_model=PaymentOut)
async def record_refund_sent(
    payment_id: PaymentId, refund_id: RefundId, cmd: Writing, body: RefundSentBody | None = None
) -> Response:
    """Record that the bank has executed the refund."""
    wanted = (body or RefundSentBody()).to_command(payment_id, refund_id)
    return await cmd.run(refunds.record_refund_sent, wanted, answer=PAYMENT_ANSWER, on=payment_id)


@router.post("/v1/payments/{payment_id}/refunds/{refund_id}/returned", response_model=PaymentOut)
async def record_refund_returned(
    payment_id: PaymentId, refund_id: RefundId, body: RefundReturnedBody, cmd: Writing
) -> Response:
    """Record that the refund came back or was stopped: its amount is unapplied cash again."""
    wanted = body.to_command(payment_id, refund_id)
    return await cmd.run(refunds.record_refund_returned, wanted, answer=PAYMENT_ANSWER, on=payment_id)
