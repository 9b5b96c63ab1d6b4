"""Exchange rates, and the differences that payments in a foreign currency realise by them."""

from __future__ import annotations

from datetime import date

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.rate import decide
from invoice_svc.domain.rate.commands import PublishRates
from invoice_svc.domain.rate.state import rates_id
from invoice_svc.use_cases.folds import ENTITY, INVOICE, RATES


async def publish(session: Session, command: PublishRates) -> Result:
    """Publish rates of an entity; each counts from its day on."""
    await session.get(ENTITY, command.entity_id)
    state = await session.load(RATES, command.rate_id)
    for event in decide.publish(state, command, session.today):
        session.emit(command.rate_id, event, entity=command.entity_id, effective_on=event.on)
    return session.result(command.rate_id)


async def realise_difference(session: Session, invoice_id: str, on: date) -> None:
    """Record the exchange difference of the last part of a payment on an invoice in a foreign currency."""
    invoice = await session.get(INVOICE, invoice_id)
    entity = await session.get(ENTITY, invoice.entity_id)
    if invoice.currency == entity.currency:
        return
    stream = rates_id(entity.entity_id, invoice.currency, entity.currency)
    rates = await session.load(RATES, stream, guard=False)
    for event in decide.realise(invoice, invoice.applied[-1], rates):
        session.emit(invoice_id, event, entity=invoice.entity_id, effective_on=on)


async def reverse_difference(session: Session, invoice_id: str, allocation_id: str, on: date) -> None:
    """Reverse the exchange difference of an allocation that left the invoice."""
    invoice = await session.get(INVOICE, invoice_id)
    for event in decide.undo(invoice, allocation_id):
        session.emit(invoice_id, event, entity=invoice.entity_id, effective_on=on)
