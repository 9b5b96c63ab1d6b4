"""Routes of reminders."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.http.identifiers import CustomerId, InvoiceId, ReminderPath
from dunning_svc.http.reminders.answers import (
    MessageOut,
    ReminderAsOf,
    ReminderList,
    ReminderOut,
    ReminderStatus,
)
from dunning_svc.read_models.cases import query
from dunning_svc.read_models.cases.fold.decisions import document_of
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.query import ReminderNotFound
from dunning_svc.use_cases.messages import rewritten, sent_proof
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page

router = Router(tags=["Reminders and tasks"])
Reading = Annotated[Query, reading("dunning:read")]
PAGE = paging("position", default="-position", key="position")


@router.get("/v1/reminders", response_model=ReminderList)
async def list_reminders(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    invoice_id: Annotated[InvoiceId | None, Parameter()] = None,
    status: Annotated[ReminderStatus | None, Parameter()] = None,
) -> Response:
    """List reminders with their outcomes, including suppressed ones.

    `customer_id` finds those to the customer and those about it that went to its payer, or to the head of its group.
    """
    async with q.view(MODEL) as view:
        rows = await query.reminders(
            view, page, customer_id=customer_id, invoice_id=invoice_id, status=status
        )
    return q.respond(page.body(rows, ReminderOut.of) | view.time.echo())


@router.get("/v1/reminders/{id}", response_model=ReminderAsOf)
async def get_reminder(reminder_id: ReminderPath, q: Reading) -> Response:
    """Get a reminder with its items."""
    async with q.view(MODEL) as view:
        row = await query.reminder(view, reminder_id)
        q.caller.require_sight(row["entity_id"], ReminderNotFound(reminder_id))
        decision = await query.decision(view, row["decision_id"])
    items = document_of(decision).items
    proof = await sent_proof(q.ledger, q.caller.ledger, reminder_id, view.time.position)
    return q.respond(ReminderAsOf.with_items(row, items, proof, view.time.echo()), version=row["version"])


@router.get("/v1/reminders/{id}/message", response_model=MessageOut)
async def get_message(reminder_id: ReminderPath, q: Reading) -> Response:
    """Write the message of a sent reminder again from the ledger, and compare it with the hash of what was sent."""
    async with q.view(MODEL) as view:
        row = await query.reminder(view, reminder_id)
    q.caller.require_sight(row["entity_id"], ReminderNotFound(reminder_id))
    return q.respond(
        MessageOut.of(await rewritten(q.ledger, q.caller.ledger, reminder_id, view.time.position))
    )
