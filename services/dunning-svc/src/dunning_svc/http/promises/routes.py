"""Routes of promises."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.promise.state import PROMISE, PromiseNotFound, PromiseStatus
from dunning_svc.http.identifiers import CustomerId, InvoiceId, PromisePath
from dunning_svc.http.promises.answers import PROMISE_ANSWER, PromiseAsOf, PromiseList, PromiseOut
from dunning_svc.http.promises.bodies import PromiseBody, WithdrawPromiseBody
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.promises import query
from dunning_svc.read_models.promises.debts import KnownDebts
from dunning_svc.use_cases.promises import make_promise, withdraw_promise
from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page

router = Router(tags=["Cases"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
PAGE = paging("position", default="-position", key="position")


@router.post("/v1/promises", response_model=PromiseAsOf, status_code=201)
async def record_promise(body: PromiseBody, cmd: Writing) -> Response:
    """Record a promise to pay. Dunning of its invoices rests until the promised day and the days of grace.

    It replaces the open promises all of whose invoices it names. Agree on several payments as a payment plan.
    """
    debts = KnownDebts(cmd.ledger, cmd.services.db, cmd.meta.ledger)
    return await cmd.run(
        make_promise,
        body.to_command(new_id("prm")),
        debts,
        answer=PROMISE_ANSWER,
        status=201,
        at="/v1/promises",
    )


@router.get("/v1/promises", response_model=PromiseList)
async def list_promises(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    invoice_id: Annotated[InvoiceId | None, Parameter()] = None,
    status: Annotated[PromiseStatus | None, Parameter()] = None,
) -> Response:
    """List promises to pay with their status."""
    async with q.view(MODEL) as view:
        rows = await query.promises(view, page, customer_id=customer_id, invoice_id=invoice_id, status=status)
    return q.respond(page.body(rows, PromiseOut.of_row) | view.time.echo())


@router.get("/v1/promises/{id}", response_model=PromiseAsOf)
async def get_promise(promise_id: PromisePath, q: Reading) -> Response:
    """Get a promise to pay."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, promise_id, upto=time.position)
    state = PROMISE.fold_as_of(events, time.as_of)
    if state.made is None:
        raise PromiseNotFound(promise_id)
    q.caller.require_sight(state.entity_id, PromiseNotFound(promise_id))
    return q.respond(PromiseOut.of(state).model_dump(mode="json") | time.echo(), last=events[-1])


@router.post("/v1/promises/{id}/withdraw", response_model=PromiseAsOf)
async def withdraw(promise_id: PromisePath, body: WithdrawPromiseBody, cmd: Writing) -> Response:
    """Withdraw an open promise. Dunning of its invoices goes on with the next run."""
    return await cmd.run(withdraw_promise, body.to_command(promise_id), answer=PROMISE_ANSWER, on=promise_id)
