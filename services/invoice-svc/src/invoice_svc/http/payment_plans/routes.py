"""Routes of /v1/payment-plans."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from invoice_svc.domain.plan.standing import share_of, standing
from invoice_svc.domain.plan.state import PlanStatus
from invoice_svc.http.common import CustomerId, EntityId, InvoiceId, PlanId
from invoice_svc.http.invoices.answers import INVOICE_ANSWER, InvoiceOut
from invoice_svc.http.payment_plans.answers import (
    PLAN_ANSWER,
    PlanListing,
    PlanOut,
    PlanStandingOut,
    PlanWithStandingOut,
)
from invoice_svc.http.payment_plans.bodies import (
    BreakBody,
    CancelPlanBody,
    InvoiceScheduleBody,
    PlanBody,
    RescheduleBody,
    ResumeBody,
)
from invoice_svc.http.reads import read, show_page
from invoice_svc.read_models.invoices.debts import unapplied_cash
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.plans import query
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.money import plans

router = Router(tags=["Payment plans"])
PAGE = paging("id", default="id", key="plan_id", columns={"id": "plan_id"})
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.post("/v1/payment-plans", response_model=PlanOut, status_code=201)
async def agree_plan(body: PlanBody, cmd: Writing) -> Response:
    """Agree a payment plan over all that is outstanding on invoices, in instalments.

    As long as it is in force, nobody asks for these amounts. Each day that opens judges it: `kept` when nothing is
    open on its invoices, `broken` when the days of grace of an instalment have passed without its money.
    """
    return await cmd.run(
        plans.agree, body.to_command(), answer=PLAN_ANSWER, status=201, at="/v1/payment-plans"
    )


@router.get("/v1/payment-plans", response_model=PlanListing)
async def list_plans(
    q: Reading,
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    customer_id: CustomerId | None = None,
    invoice_id: InvoiceId | None = None,
    status: PlanStatus | None = None,
) -> Response:
    """List payment plans as of a date."""
    async with q.view(NAME) as view:
        rows = await query.plans(
            view, page, entity_id=entity_id, customer_id=customer_id, invoice_id=invoice_id, status=status
        )
    return await show_page(q, view, page, rows, "plan_id", PLAN_ANSWER)


@router.get("/v1/payment-plans/{plan_id}", response_model=PlanWithStandingOut)
async def get_plan(plan_id: PlanId, q: Reading) -> Response:
    """Get a payment plan with its instalments against the payments."""
    state, _, time = await read(q, PLAN_ANSWER, plan_id)
    async with replace(q, min_position=max(q.min_position, time.position)).view(NAME) as view:
        cash = await unapplied_cash(view, state.customer_id, state.currency)
    state, events, time = await read(replace(q, asked_position=view.time.position), PLAN_ANSWER, plan_id)
    streams = await q.ledger.read_streams(
        q.caller.ledger, [each.invoice_id for each in state.invoices], upto=time.position
    )
    shares = [share_of(INVOICE.fold_as_of(found, time.as_of), plan_id) for found in streams.values()]
    found = standing(state, shares, cash if state.status == "in_force" else ())
    shown = PLAN_ANSWER.shown(state, events[-1].version, time.as_of)
    body = shown | {"standing": PlanStandingOut.of(found, state, time.as_of)}
    return q.respond(body | view.time.echo(), last=events[-1])


@router.post("/v1/payment-plans/{plan_id}/reschedule", response_model=PlanOut)
async def reschedule_plan(plan_id: PlanId, body: RescheduleBody, cmd: Writing) -> Response:
    """Agree new instalments for what payments have left of the plan. Unapplied cash counts towards the first ones."""
    return await cmd.run(plans.reschedule, body.to_command(plan_id), answer=PLAN_ANSWER, on=plan_id)


@router.post("/v1/payment-plans/{plan_id}/break", response_model=PlanOut)
async def break_plan(plan_id: PlanId, body: BreakBody, cmd: Writing) -> Response:
    """End the plan. Its debts are collectable as of their original due dates; reminders go on at their level."""
    return await cmd.run(plans.break_plan, body.to_command(plan_id), answer=PLAN_ANSWER, on=plan_id)


@router.post("/v1/payment-plans/{plan_id}/resume", response_model=PlanOut)
async def resume_plan(plan_id: PlanId, body: ResumeBody, cmd: Writing) -> Response:
    """Take the break of a plan back: it is in force again from today on."""
    return await cmd.run(plans.resume, body.to_command(plan_id), answer=PLAN_ANSWER, on=plan_id)


@router.post("/v1/payment-plans/{plan_id}/cancel", response_model=PlanOut)
async def cancel_plan(plan_id: PlanId, body: CancelPlanBody, cmd: Writing) -> Response:
    """Give the plan up as if it had not been agreed: it suspends and waives no interest."""
    return await cmd.run(plans.cancel, body.to_command(plan_id), answer=PLAN_ANSWER, on=plan_id)


@router.put("/v1/invoices/{invoice_id}/instalments", response_model=InvoiceOut, tags=["Invoices"])
async def set_instalments(invoice_id: InvoiceId, body: InvoiceScheduleBody, cmd: Writing) -> Response:
    """Agree instalments of an issued invoice, from today on. Their sum is what was ever owed of it, paid or not.

    Payments settle the earliest first, credit notes are taken off the last. Each bears interest from its own due date;
    days before the agreement keep the due date that they had.
    """
    return await cmd.run(
        plans.reschedule_invoice, body.to_command(invoice_id), answer=INVOICE_ANSWER, on=invoice_id
    )
