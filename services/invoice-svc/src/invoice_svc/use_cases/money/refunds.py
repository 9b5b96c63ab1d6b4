"""Refunds of unapplied cash: ordered, sent by the bank, or returned."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.payment import refund
from invoice_svc.domain.payment.refund import OrderRefund, RecordRefundReturned, RecordRefundSent
from invoice_svc.use_cases.folds import PAYMENT
from invoice_svc.use_cases.money import residuals


async def order_refund(session: Session, command: OrderRefund) -> Result:
    """Order that unapplied cash is paid back to the customer."""
    on = command.on or session.today
    state = await session.get(PAYMENT, command.payment_id)
    if command.amount is None or command.amount.amount_minor > state.unapplied_minor:
        state = await residuals.restore(session, command.payment_id, "used", on)
    for event in refund.order(state, command, on, session.today):
        session.emit(state.payment_id, event, entity=state.entity_id, effective_on=on)
    return session.result(command.payment_id)


async def record_refund_sent(session: Session, command: RecordRefundSent) -> Result:
    """Record that the bank has executed a refund."""
    state = await session.get(PAYMENT, command.payment_id)
    on = command.on or session.today
    for event in refund.send(state, command, on, session.today):
        session.emit(state.payment_id, event, entity=state.entity_id, effective_on=on)
    return session.result(command.payment_id)


async def record_refund_returned(session: Session, command: RecordRefundReturned) -> Result:
    """Record that a refund came back: its amount is unapplied cash again."""
    state = await session.get(PAYMENT, command.payment_id)
    on = command.on or session.today
    for event in refund.bring_back(state, command, on, session.today):
        session.emit(state.payment_id, event, entity=state.entity_id, effective_on=on)
    return session.result(command.payment_id)
