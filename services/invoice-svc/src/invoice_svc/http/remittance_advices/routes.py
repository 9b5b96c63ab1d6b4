"""Routes of /v1/remittance-advices."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as QueryParam
from starlette.requests import Request
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from invoice_svc.domain.remittance.commands import JoinAdvice, WithdrawAdvice
from invoice_svc.domain.remittance.state import AdviceStatus
from invoice_svc.http.common import CustomerId, EntityId, PaymentId
from invoice_svc.http.reads import show, show_page
from invoice_svc.http.remittance_advices.answers import (
    ADVICE_ANSWER,
    ADVICE_SETTLED_ANSWER,
    RemittanceAdviceListing,
    RemittanceAdviceOut,
)
from invoice_svc.http.remittance_advices.bodies import (
    OTHER_FORMATS,
    AdviceBody,
    AdviceId,
    AdviceParameters,
    JoinAdviceBody,
    WithdrawAdviceBody,
)
from invoice_svc.read_models.advices import query
from invoice_svc.read_models.advices.lookup import AdviceQueries
from invoice_svc.read_models.lists import NAME
from invoice_svc.use_cases.money import advices

router = Router(tags=["Remittance advices"])
PATH = "/v1/remittance-advices"
PAGE = paging("id", "announced_on", default="id", key="advice_id", columns={"id": "advice_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("payments:write")]


@router.post(
    "/v1/remittance-advices",
    response_model=RemittanceAdviceOut,
    status_code=201,
    openapi_extra=OTHER_FORMATS,
)
async def receive_remittance_advice(
    request: Request,
    cmd: Writing,
    parameters: Annotated[AdviceParameters, QueryParam()],
    body: AdviceBody | None = None,
) -> Response:
    """Record what a debtor says that a transfer pays. It waits for its payment, or joins one that has come.

    The same advice again changes nothing. Besides JSON: a table (`text/csv`: `number`, `amount`, and for what is kept
    back `deduction`, `deduction_code`, `deduction_text`), an e-mail (`message/rfc822`, or its text as `text/plain`)
    with lines of a number and an amount, and the structured remittance of a camt or remt.001 message
    (`application/xml`).
    """
    wanted = await parameters.to_command(request) if body is None else body.to_command()
    return await cmd.run(
        advices.receive,
        wanted,
        AdviceQueries(cmd.services.db, cmd.ledger),
        answer=ADVICE_SETTLED_ANSWER,
        status=201,
        at=PATH,
    )


@router.get("/v1/remittance-advices", response_model=RemittanceAdviceListing)
async def list_remittance_advices(
    q: Reading,
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    customer_id: CustomerId | None = None,
    status: AdviceStatus | None = None,
    reference: str | None = None,
    payment_id: PaymentId | None = None,
) -> Response:
    """List remittance advices with their status as of a date."""
    wanted = query.AdviceFilter(entity_id, customer_id, status, reference, payment_id)
    async with q.view(NAME) as view:
        rows = await query.advices(view, page, wanted)
    return await show_page(q, view, page, rows, "advice_id", ADVICE_ANSWER)


@router.get("/v1/remittance-advices/{advice_id}", response_model=RemittanceAdviceOut)
async def get_remittance_advice(advice_id: AdviceId, q: Reading) -> Response:
    """Get a remittance advice."""
    return await show(q, ADVICE_ANSWER, advice_id)


@router.post("/v1/remittance-advices/{advice_id}/withdraw", response_model=RemittanceAdviceOut)
async def withdraw_remittance_advice(advice_id: AdviceId, body: WithdrawAdviceBody, cmd: Writing) -> Response:
    """Withdraw an advice that no payment has joined."""
    wanted = WithdrawAdvice(advice_id, body.reason)
    return await cmd.run(advices.withdraw, wanted, answer=ADVICE_ANSWER, on=advice_id)


@router.post("/v1/remittance-advices/{advice_id}/join", response_model=RemittanceAdviceOut)
async def join_remittance_advice(advice_id: AdviceId, body: JoinAdviceBody, cmd: Writing) -> Response:
    """Join a payment to an advice by hand, also one of another amount.

    The unapplied cash of the payment is allocated as the advice says.
    """
    wanted = JoinAdvice(advice_id, body.payment_id)
    return await cmd.run(advices.join, wanted, answer=ADVICE_SETTLED_ANSWER, on=advice_id)
