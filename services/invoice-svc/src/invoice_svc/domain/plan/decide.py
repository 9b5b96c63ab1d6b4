"""The rules of a payment plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from encours.contracts.common import Instalment
from encours.contracts.events import plan as events
from encours.contracts.events.invoice import InvoicePlanned, InvoiceUnplanned
from encours.kernel.errors import Invalid, Refusal
from invoice_svc.domain.invoice.checks import (
    money_of,
    require_issued,
    require_not_future,
    require_not_planned,
)
from invoice_svc.domain.invoice.refusals import NothingOutstanding
from invoice_svc.domain.invoice.schedule import check_instalments
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.plan.commands import AgreePlan, BreakPlan, CancelPlan, ReschedulePlan, ResumePlan
from invoice_svc.domain.plan.standing import PlanStanding
from invoice_svc.domain.plan.state import PaymentPlan
from invoice_svc.domain.refusals import CustomerOfOtherEntity, require_currency

Judgement = events.PlanKept | events.PlanBroken | events.PlanResumed
"""Events that follow from the payments alone."""
_BreakCause = Literal["instalment_missed", "by_person"]
_ResumeCause = Literal["payment_reversed", "by_person"]


class InvoiceInDispute(Refusal):
    """An amount of the invoice is in dispute, so it cannot be acknowledged by a plan."""

    code = "invoice-in-dispute"
    title = "Invoice is in dispute"
    remedy = "Resolve the disputes of the invoice first, or leave it off the plan."


class PlanNotInForce(Refusal):
    """The plan is kept, broken or cancelled."""

    code = "plan-not-in-force"
    title = "Payment plan is not in force"
    remedy = "Agree a new plan, or resume a broken one."


class PlanNotBroken(Refusal):
    """Only a broken plan can be resumed."""

    code = "plan-not-broken"
    title = "Payment plan is not broken"
    remedy = "GET the payment plan for its status."


def agree(
    command: AgreePlan, entity_id: str, invoices: Sequence[Invoice], today: date
) -> tuple[events.PlanAgreed, list[InvoicePlanned]]:
    """Agree the plan over all that is open on the invoices, with its mirror for each of them."""
    for invoice in invoices:
        _require_plannable(invoice, command, entity_id)
    total = sum(invoice.outstanding_minor for invoice in invoices)
    check_instalments(command.instalments, total, command.currency, today)
    agreed = events.PlanAgreed(
        plan_id=command.plan_id,
        customer_id=command.customer_id,
        currency=command.currency,
        invoices=tuple(
            events.PlannedInvoice(
                invoice_id=each.invoice_id, number=each.number or "", amount_minor=each.outstanding_minor
            )
            for each in invoices
        ),
        instalments=command.instalments,
        total_minor=total,
        interest=command.interest,
        grace_days=command.grace_days,
        agreed_by=command.agreed_by,
        evidence_sha256=command.evidence_sha256,
    )
    mirrors = [
        InvoicePlanned(
            invoice_id=each.invoice_id,
            customer_id=each.customer_id,
            currency=each.currency,
            plan_id=command.plan_id,
            amount_minor=each.outstanding_minor,
            interest=command.interest,
        )
        for each in invoices
    ]
    return agreed, mirrors


def reschedule(
    state: PaymentPlan, command: ReschedulePlan, found: PlanStanding, today: date
) -> list[events.PlanRescheduled]:
    """Agree new instalments for what is left to pay; no event if they are in force already."""
    _require_in_force(state)
    require_currency(command.currency, state.currency, "/instalments/0/amount")
    if command.instalments == state.schedule.instalments:
        return []
    check_instalments(command.instalments, found.left_minor, state.currency, today)
    return [
        events.PlanRescheduled(
            plan_id=state.plan_id,
            customer_id=state.customer_id,
            currency=state.currency,
            instalments=command.instalments,
            settled_minor=found.received_minor,
            left_minor=found.left_minor,
            cause=command.cause,
            agreed_by=command.agreed_by,
            evidence_sha256=command.evidence_sha256,
        )
    ]


def break_by_person(
    state: PaymentPlan, command: BreakPlan, found: PlanStanding, on: date, today: date
) -> events.PlanBroken:
    """End the plan on a day between its last event and today."""
    _require_in_force(state)
    require_not_future(on, today, "/on")
    if on < state.last_on:
        raise Invalid(f"The plan has changed on {state.last_on}; use that or a later date.", "/on")
    return _broken(state, "by_person", found, on, command.cause)


def cancel(state: PaymentPlan, command: CancelPlan) -> events.PlanCancelled:
    """Give the plan up as if it had not been agreed."""
    _require_in_force(state)
    return events.PlanCancelled(
        plan_id=state.plan_id, customer_id=state.customer_id, currency=state.currency, cause=command.cause
    )


def resume(
    state: PaymentPlan, command: ResumePlan, invoices: Sequence[Invoice], found: PlanStanding
) -> events.PlanResumed:
    """Take the break of a plan back."""
    if state.status != "broken":
        raise PlanNotBroken(f"{state.plan_id} is {state.status.replace('_', ' ')}.")
    for invoice in invoices:
        require_not_planned(invoice)
    return _resumed(state, "by_person", found, command.cause)


def judge(state: PaymentPlan, found: PlanStanding, day: date) -> list[Judgement]:
    """Return the events of a day that has begun: kept, broken after the days of grace, or in force again.

    A kept plan whose payment was reversed is in force again, and broken at once if an instalment is past its grace.
    """
    if state.status not in ("in_force", "kept"):
        return []
    if found.open_minor == 0:
        return [] if state.status == "kept" else [_kept(state, found)]
    resumed = [_resumed(state, "payment_reversed", found, None)] if state.status == "kept" else []
    if found.missed(day, state.grace_days):
        return [*resumed, _broken(state, "instalment_missed", found, day, None)]
    return [*resumed]


def ended(state: PaymentPlan, invoice: Invoice, outcome: events.PlanOutcome) -> InvoiceUnplanned:
    """Return the mirror of a plan's end on an invoice."""
    return InvoiceUnplanned(
        invoice_id=invoice.invoice_id,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        plan_id=state.plan_id,
        amount_minor=_amount_of(state, invoice),
        outcome=outcome,
    )


def begun_again(state: PaymentPlan, invoice: Invoice) -> InvoicePlanned:
    """Return the mirror of a resumption on an invoice."""
    return InvoicePlanned(
        invoice_id=invoice.invoice_id,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        plan_id=state.plan_id,
        amount_minor=_amount_of(state, invoice),
        interest=state.interest,
    )


def _amount_of(state: PaymentPlan, invoice: Invoice) -> int:
    return next(each.amount_minor for each in state.invoices if each.invoice_id == invoice.invoice_id)


def _kept(state: PaymentPlan, found: PlanStanding) -> events.PlanKept:
    return events.PlanKept(
        plan_id=state.plan_id,
        customer_id=state.customer_id,
        currency=state.currency,
        total_minor=found.received_minor,
    )


def _broken(
    state: PaymentPlan, cause: _BreakCause, found: PlanStanding, day: date, text: str | None
) -> events.PlanBroken:
    late = found.late(day)
    missed = found.missed(day, state.grace_days)
    first = missed[0] if missed else None
    return events.PlanBroken(
        plan_id=state.plan_id,
        customer_id=state.customer_id,
        currency=state.currency,
        cause=cause,
        missed=None if first is None else Instalment(due_on=first.due_on, amount_minor=first.amount_minor),
        missing_minor=sum(each.missing_minor for each in late),
        left_minor=found.left_minor,
        text=text,
    )


def _resumed(
    state: PaymentPlan, cause: _ResumeCause, found: PlanStanding, text: str | None
) -> events.PlanResumed:
    return events.PlanResumed(
        plan_id=state.plan_id,
        customer_id=state.customer_id,
        currency=state.currency,
        cause=cause,
        left_minor=found.left_minor,
        text=text,
    )


def _require_in_force(state: PaymentPlan) -> None:
    if state.status != "in_force":
        raise PlanNotInForce(f"{state.plan_id} is {state.status}.")


def _require_plannable(invoice: Invoice, command: AgreePlan, entity_id: str) -> None:
    require_issued(invoice, "put on a payment plan")
    if invoice.entity_id != entity_id:
        raise CustomerOfOtherEntity(
            f"{invoice.number} is of the entity {invoice.entity_id}, and the customer of {entity_id}."
        )
    require_currency(command.currency, invoice.currency, "/instalments/0/amount")
    require_not_planned(invoice)
    if invoice.outstanding_minor <= 0:
        raise NothingOutstanding(f"Nothing is outstanding on {invoice.number}: leave it off the plan.")
    if invoice.disputed_minor:
        raise InvoiceInDispute(
            f"{money_of(invoice, invoice.disputed_minor)} of {invoice.number} is in dispute. "
            "A plan acknowledges the debt (C. civ. 2240)."
        )
