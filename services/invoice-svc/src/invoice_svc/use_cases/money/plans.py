"""Commands on a payment plan, and the judgement of a day. Each of its invoices has a mirror in its own stream."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from encours.contracts.events.money.plan import PlanBroken, PlanKept, PlanOutcome, PlanResumed
from encours.contracts.settlement import Funds
from encours.kernel.errors import Invalid
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.instalments import RescheduleInvoice
from invoice_svc.domain.instalments import reschedule as in_instalments
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.plan import decide
from invoice_svc.domain.plan.commands import AgreePlan, BreakPlan, CancelPlan, ReschedulePlan, ResumePlan
from invoice_svc.domain.plan.standing import PlanStanding, share_of, standing
from invoice_svc.domain.plan.state import PaymentPlan, PlanEvent
from invoice_svc.use_cases.folds import INVOICE, PLAN
from invoice_svc.use_cases.parties.debtors import pays, unmerged


class UnappliedCash(Protocol):
    """Query for the unapplied cash of all records of a customer in a currency."""

    async def __call__(self, ledger: str, customer_id: str, currency: str, /) -> Sequence[Funds]: ...


async def agree(session: Session, command: AgreePlan) -> Result:
    """Agree a plan over all that is open on some invoices, which the customer owes or pays for."""
    customer = await unmerged(session, command.customer_id)
    invoices = [await session.get(INVOICE, invoice_id) for invoice_id in command.invoice_ids]
    for at, invoice in enumerate(invoices):
        if not await pays(session, customer.customer_id, invoice.customer_id, session.today):
            raise Invalid(
                f"{command.customer_id} neither owes {invoice.number or invoice.invoice_id} nor pays it today.",
                f"/invoice_ids/{at}",
            )
    agreed, mirrors = decide.agree(command, customer.entity_id, invoices, session.today)
    _emit(session, command.plan_id, customer.entity_id, agreed, session.today)
    for mirror in mirrors:
        session.emit(mirror.invoice_id, mirror, entity=customer.entity_id)
    return session.result(command.plan_id)


async def reschedule(session: Session, command: ReschedulePlan) -> Result:
    """Agree new instalments for what payments have left of the plan; unapplied cash counts towards them."""
    state = await session.get(PLAN, command.plan_id)
    found = _standing(state, await _invoices(session, state))
    for event in decide.reschedule(state, command, found, session.today):
        _emit(session, state.plan_id, state.entity_id, event, session.today)
    return session.result(command.plan_id)


async def break_plan(session: Session, command: BreakPlan) -> Result:
    """End the plan: its debts are collectable as of their original due dates."""
    state = await session.get(PLAN, command.plan_id)
    invoices = await _invoices(session, state)
    on = command.on or session.today
    broken = decide.break_by_person(state, command, _standing(state, invoices), on, session.today)
    _emit(session, state.plan_id, state.entity_id, broken, on)
    _end(session, state, invoices, "broken", on)
    return session.result(command.plan_id)


async def resume(session: Session, command: ResumePlan) -> Result:
    """Take the break of a plan back, from today on."""
    state = await session.get(PLAN, command.plan_id)
    invoices = await _invoices(session, state)
    resumed = decide.resume(state, command, invoices, _standing(state, invoices))
    _emit(session, state.plan_id, state.entity_id, resumed, session.today)
    _begin_again(session, state, invoices, session.today)
    return session.result(command.plan_id)


async def cancel(session: Session, command: CancelPlan) -> Result:
    """Give the plan up as if it had not been agreed."""
    state = await session.get(PLAN, command.plan_id)
    _emit(session, state.plan_id, state.entity_id, decide.cancel(state, command), session.today)
    _end(session, state, await _invoices(session, state), "cancelled", session.today)
    return session.result(command.plan_id)


async def judge(session: Session, plan_id: str, day: date, cash: UnappliedCash) -> Result:
    """Record that a plan is kept, broken or in force again as a day begins; no event if nothing has changed."""
    state = await session.get(PLAN, plan_id)
    day = max(day, state.last_on)
    invoices = await _invoices(session, state)
    funds = await session.ask(cash, session.meta.ledger, state.customer_id, state.currency)
    for event in decide.judge(state, _standing(state, invoices, funds), day):
        _emit(session, plan_id, state.entity_id, event, day)
        match event:
            case PlanKept():
                _end(session, state, invoices, "kept", day)
            case PlanBroken():
                _end(session, state, invoices, "broken", day)
            case PlanResumed():
                _begin_again(session, state, invoices, day)
    return session.result(plan_id)


async def reschedule_invoice(session: Session, command: RescheduleInvoice) -> Result:
    """Agree instalments of one invoice, from today on."""
    state = await session.get(INVOICE, command.invoice_id)
    for event in in_instalments(state, command):
        session.emit(command.invoice_id, event, entity=state.entity_id)
    return session.result(command.invoice_id)


async def _invoices(session: Session, state: PaymentPlan) -> list[Invoice]:
    return [await session.get(INVOICE, each.invoice_id) for each in state.invoices]


def _standing(state: PaymentPlan, invoices: Sequence[Invoice], cash: Sequence[Funds] = ()) -> PlanStanding:
    return standing(state, (share_of(invoice, state.plan_id) for invoice in invoices), cash)


def _emit(session: Session, plan_id: str, entity_id: str, event: PlanEvent, on: date) -> None:
    session.emit(plan_id, event, entity=entity_id, effective_on=on)


def _end(
    session: Session, state: PaymentPlan, invoices: Sequence[Invoice], outcome: PlanOutcome, on: date
) -> None:
    for invoice in invoices:
        mirror = decide.ended(state, invoice, outcome)
        session.emit(invoice.invoice_id, mirror, entity=state.entity_id, effective_on=on)


def _begin_again(session: Session, state: PaymentPlan, invoices: Sequence[Invoice], on: date) -> None:
    for invoice in invoices:
        session.emit(
            invoice.invoice_id, decide.begun_again(state, invoice), entity=state.entity_id, effective_on=on
        )
