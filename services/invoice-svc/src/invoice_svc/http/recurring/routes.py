"""Routes of /v1/recurring."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from invoice_svc.domain.recurring.commands import ResumeRecurring
from invoice_svc.http.common import CustomerId, EntityId, RecurringId
from invoice_svc.http.reads import show, show_page
from invoice_svc.http.recurring.answers import RECURRING_ANSWER, RecurringListing, RecurringOut
from invoice_svc.http.recurring.bodies import EndBody, PauseBody, RecurringBody
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.recurring import query
from invoice_svc.use_cases.sales import recurring

router = Router(tags=["Recurring invoices"])
PAGE = paging("id", default="id", key="recurring_id", columns={"id": "recurring_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/recurring", response_model=RecurringOut, status_code=201)
async def agree_recurring(body: RecurringBody, cmd: Writing) -> Response:
    """Agree a recurring invoice. Its periods are billed as the entity's days open, each once, the earliest first."""
    return await cmd.run(
        recurring.agree, body.to_command(), answer=RECURRING_ANSWER, status=201, at="/v1/recurring"
    )


@router.get("/v1/recurring", response_model=RecurringListing)
async def list_recurring(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: CustomerId | None = None,
    entity_id: EntityId | None = None,
) -> Response:
    """List recurring invoices as of a date."""
    async with q.view(NAME) as view:
        rows = await query.recurring(view, page, entity_id=entity_id, customer_id=customer_id)
    return await show_page(q, view, page, rows, "recurring_id", RECURRING_ANSWER)


@router.get("/v1/recurring/{recurring_id}", response_model=RecurringOut)
async def get_recurring(recurring_id: RecurringId, q: Reading) -> Response:
    """Get a recurring invoice with its next dates."""
    return await show(q, RECURRING_ANSWER, recurring_id)


@router.post("/v1/recurring/{recurring_id}/pause", response_model=RecurringOut)
async def pause_recurring(recurring_id: RecurringId, cmd: Writing, body: PauseBody | None = None) -> Response:
    """Leave out the periods from today on, until it is resumed."""
    wanted = (body or PauseBody()).to_command(recurring_id)
    return await cmd.run(recurring.pause, wanted, answer=RECURRING_ANSWER, on=recurring_id)


@router.post("/v1/recurring/{recurring_id}/resume", response_model=RecurringOut)
async def resume_recurring(recurring_id: RecurringId, cmd: Writing) -> Response:
    """Bill the periods from today on again. Those of the pause are left out."""
    return await cmd.run(
        recurring.resume, ResumeRecurring(recurring_id), answer=RECURRING_ANSWER, on=recurring_id
    )


@router.post("/v1/recurring/{recurring_id}/end", response_model=RecurringOut)
async def end_recurring(recurring_id: RecurringId, cmd: Writing, body: EndBody | None = None) -> Response:
    """Bill no period after a day."""
    wanted = (body or EndBody()).to_command(recurring_id)
    return await cmd.run(recurring.end, wanted, answer=RECURRING_ANSWER, on=recurring_id)
