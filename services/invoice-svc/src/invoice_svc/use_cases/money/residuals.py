"""Residual differences that tolerances close, and that go when a payment leaves the invoice.

Every command after which the rest of a paid invoice may be within a tolerance ends with :func:`close_rests`, after all
its cash has been allocated, so that the order of booking changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from encours.contracts.events.invoice import (
    InvoiceCredited,
    InvoiceRebated,
    PaymentApplied,
    PaymentUnapplied,
    ShareUndisputed,
)
from encours.contracts.events.loss import WriteOffReversed
from encours.contracts.events.money.payment import PaymentAllocated
from encours.contracts.events.money.residual import ReopeningCause, ResidualReason, RestorationCause
from encours.kernel.ids import derived_id
from encours.ledger.session import Session
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice import discount, residual
from invoice_svc.domain.invoice.residual import PaymentFacts, Residual
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment import overpayment
from invoice_svc.domain.payment.state import Payment
from invoice_svc.domain.tolerance.choose import Tolerances, applicable
from invoice_svc.use_cases.folds import ENTITY, INVOICE, PAYMENT
from invoice_svc.use_cases.money import early_discount
from invoice_svc.use_cases.parties.debtors import survivor

_LEAVE_A_REST = (
    PaymentApplied | PaymentUnapplied | ShareUndisputed | WriteOffReversed | InvoiceCredited | InvoiceRebated
)
Asked = Mapping[str, ResidualReason]
"""Reasons that a user gives, by invoice."""


async def close_rests(session: Session, asked: Asked | None = None, kept: Asked | None = None) -> None:
    """Close what is left of each invoice that the command has touched if a tolerance allows it.

    ``kept`` has the reasons that a user gave for residuals that the command has taken back. Raises
    ``residual-above-tolerance`` for one in ``asked`` that no tolerance allows.
    """
    asked, kept = asked or {}, kept or {}
    touched: dict[str, date] = {}
    for each in session.events:
        if isinstance(each.data, _LEAVE_A_REST):
            day = each.effective_on if isinstance(each.data, ShareUndisputed) else date.min
            touched[each.data.invoice_id] = max(day, touched.get(each.data.invoice_id, day))
    for invoice_id, not_before in touched.items():
        invoice = await session.get(INVOICE, invoice_id)
        if invoice.applied and invoice.outstanding_minor > 0:
            reasons = (asked.get(invoice_id), kept.get(invoice_id))
            await _close(session, invoice, not_before, *reasons)
    allocated = [each.data.payment_id for each in session.events if isinstance(each.data, PaymentAllocated)]
    for payment_id in dict.fromkeys(allocated):
        await _close_overpayment(session, await session.get(PAYMENT, payment_id))


async def reopen(session: Session, invoice_id: str, cause: ReopeningCause, on: date) -> None:
    """Take a residual back, from a day on, but not before it was closed."""
    invoice = await session.get(INVOICE, invoice_id)
    for event in residual.reopen(invoice, cause):
        day = max(on, invoice.residual.effective_on if invoice.residual else on)
        session.emit(invoice_id, event, entity=invoice.entity_id, effective_on=day)


async def _close(
    session: Session,
    invoice: Invoice,
    not_before: date,
    asked: ResidualReason | None,
    kept: ResidualReason | None,
) -> None:
    entity = await session.get(ENTITY, invoice.entity_id)
    if not entity.tolerances and asked is None:
        return
    day = max(not_before, *(moved.effective_on for moved in invoice.movements))
    tolerances = await _tolerances(session, entity, invoice.customer_id, invoice.currency, day)
    facts = await _facts(session, invoice, entity)
    short = discount.short_of_price_minor(invoice)
    for left in (short, invoice.outstanding_minor):
        for reason in (asked, None if asked else kept):
            found = residual.closable(invoice, left, tolerances, facts, reason)
            if found is not None:
                await _emit(session, invoice, found, day, instructed=reason is not None)
                return
    if asked is not None:
        raise residual.refusal_of(invoice, asked, tolerances)


async def _emit(session: Session, invoice: Invoice, found: Residual, day: date, *, instructed: bool) -> None:
    last = residual.last_payment(invoice)
    residual_id = derived_id("res", session.meta.command_id, invoice.invoice_id)
    closed = residual.close(invoice, found, last, residual_id, instructed=instructed)
    session.emit(invoice.invoice_id, closed, entity=invoice.entity_id, effective_on=day)
    await early_discount.take(session, invoice.invoice_id)


async def restore(session: Session, payment_id: str, cause: RestorationCause, on: date) -> Payment:
    """Return the payment, with an overpayment that was income as unapplied cash again from a day on."""
    state = await session.get(PAYMENT, payment_id)
    for day, event in overpayment.reopen(state, cause, on):
        session.emit(payment_id, event, entity=state.entity_id, effective_on=day)
    return await session.get(PAYMENT, payment_id)


async def _close_overpayment(session: Session, state: Payment) -> None:
    if not overpayment.may_be_closed(state):
        return
    entity = await session.get(ENTITY, state.entity_id)
    if not any(each.overpayment == "income" for each in entity.tolerances):
        return
    for standing in state.allocations:
        if (await session.get(INVOICE, standing.allocation.invoice_id)).outstanding_minor:
            return
    day = max([state.unapplied_since, *(standing.effective_on for standing in state.allocations)])
    tolerances = await _tolerances(session, entity, state.customer_id or "", state.currency, day)
    found = overpayment.closable(state, tolerances)
    if found is not None:
        residual_id = derived_id("res", session.meta.command_id, state.payment_id)
        closed = overpayment.close(state, found, residual_id)
        session.emit(state.payment_id, closed, entity=state.entity_id, effective_on=day)


async def _facts(session: Session, invoice: Invoice, entity: Entity) -> PaymentFacts:
    last = residual.last_payment(invoice)
    payment = await session.get(PAYMENT, last.payment_id)
    payer = await survivor(session, payment.customer_id or invoice.customer_id, session.today)
    return PaymentFacts(
        received_on=last.received_on,
        charges_minor=None if last.paid else await _charges_left(session, payment),
        is_foreign=payer.country != entity.country or payment.currency != entity.currency,
        is_converted=last.paid is not None,
    )


async def _charges_left(session: Session, payment: Payment) -> int | None:
    """Return what residuals of the payment's invoices have left of the charges that the bank stated."""
    if payment.charges_minor is None:
        return None
    invoices = {standing.allocation.invoice_id for standing in payment.allocations}
    closed = [(await session.get(INVOICE, each)).residual for each in invoices]
    return payment.charges_minor - sum(
        each.amount_minor
        for each in closed
        if each is not None and (each.payment_id, each.reason) == (payment.payment_id, "bank_charge")
    )


async def _tolerances(
    session: Session, entity: Entity, customer_id: str, currency: str, day: date
) -> Tolerances:
    debtor = await survivor(session, customer_id, session.today)
    return applicable(
        entity.tolerances,
        currency=currency,
        records={customer_id, debtor.customer_id},
        segment=debtor.segment,
        tags=debtor.tags,
        day=day,
    )
