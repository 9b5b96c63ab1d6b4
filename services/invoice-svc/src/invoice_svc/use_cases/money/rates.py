"""Exchange rates, the settlement of invoices in another currency by them, and the differences that it realises."""

from __future__ import annotations

from datetime import date

from encours.kernel.exchange import QuotedRate, rate_on
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.payment import conversion
from invoice_svc.domain.payment import decide as payment_rules
from invoice_svc.domain.payment.allocation import Share
from invoice_svc.domain.payment.commands import Instructed
from invoice_svc.domain.payment.state import Payment
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


async def instructed_shares(session: Session, payment: Payment, instructed: Instructed) -> list[Share]:
    """Return what the caller instructs, with the amounts in both currencies where the invoice is in another one."""
    shares = []
    for i, asked in enumerate(payment_rules.instructions(instructed)):
        invoice = await session.get(INVOICE, asked.invoice_id)
        published = None
        if invoice.currency != payment.currency:
            published = await _published(session, payment, invoice.currency)
        shares.append(conversion.share_of(payment, asked, invoice, published, f"/allocations/{i}"))
    return shares


async def _published(session: Session, payment: Payment, currency: str) -> QuotedRate | None:
    """Return the last published rate between a payment's currency and another, as of the day of the payment.

    It is that of the pair, of its inverse, or through the entity's currency.
    """
    entity = await session.get(ENTITY, payment.entity_id)
    of_pair = (payment.currency, currency)
    found = await _between(session, entity, *of_pair)
    if entity.currency not in of_pair:
        for each in of_pair:
            found += await _between(session, entity, each, entity.currency)
    return rate_on(found, *of_pair, payment.received_on, entity.currency)


async def realise_difference(session: Session, invoice_id: str, on: date) -> None:
    """Record the exchange difference of the last part of a payment on an invoice in a foreign currency."""
    invoice = await session.get(INVOICE, invoice_id)
    entity = await session.get(ENTITY, invoice.entity_id)
    if invoice.currency == entity.currency:
        return
    part = invoice.applied[-1]
    paid = part.paid.currency if part.paid else invoice.currency
    known = await _between(session, entity, invoice.currency, entity.currency)
    if paid not in (invoice.currency, entity.currency):
        known += await _between(session, entity, paid, entity.currency)
    for event in decide.realise(invoice, part, entity.currency, known):
        session.emit(invoice_id, event, entity=invoice.entity_id, effective_on=on)


async def _between(session: Session, entity: Entity, base: str, quote: str) -> list[QuotedRate]:
    """Return the entity's rates of a pair, whichever way they are written."""
    streams = (rates_id(entity.entity_id, base, quote), rates_id(entity.entity_id, quote, base))
    loaded = [await session.load(RATES, stream, guard=False) for stream in streams]
    return [rate for rates in loaded for rate in rates.quoted()]


async def reverse_difference(session: Session, invoice_id: str, allocation_id: str, on: date) -> None:
    """Reverse the exchange difference of an allocation that left the invoice."""
    invoice = await session.get(INVOICE, invoice_id)
    for event in decide.undo(invoice, allocation_id):
        session.emit(invoice_id, event, entity=invoice.entity_id, effective_on=on)
