"""Mirrors of instruments: on the invoices that they are meant for, and what a reversal of their payment leads to."""

from __future__ import annotations

from datetime import date

from encours.contracts.events.money.cover import CoverEnd
from encours.ledger.session import Session
from invoice_svc.domain.instrument import covering, decide
from invoice_svc.domain.instrument.state import Instrument, InstrumentEvent
from invoice_svc.domain.payment.state import Payment
from invoice_svc.use_cases.folds import INSTRUMENT, INVOICE


def emit(session: Session, state: Instrument, event: InstrumentEvent, on: date) -> date:
    """Emit an event of an instrument, on its day or on that of a later one before it; return the day."""
    day = max(on, state.last_on)
    session.emit(state.instrument_id, event, entity=state.entity_id, effective_on=day)
    return day


async def begin(session: Session, instrument_id: str, on: date) -> None:
    """Cover the invoices that the instrument is meant for, from its day, or from their issue."""
    state = await session.get(INSTRUMENT, instrument_id)
    for each in state.invoices:
        invoice = await session.get(INVOICE, each.invoice_id)
        mirror = covering.begun(state, invoice, each.amount_minor)
        day = max(on, invoice.issued_on or on)
        session.emit(each.invoice_id, mirror, entity=state.entity_id, effective_on=day)


async def end(session: Session, state: Instrument, outcome: CoverEnd, on: date) -> None:
    """End what the instrument covers; its state is that before the event."""
    for each in state.invoices:
        invoice = await session.get(INVOICE, each.invoice_id)
        mirror = covering.ended(state.instrument_id, invoice, outcome)
        if mirror is not None:
            day = max(on, invoice.issued_on or on)
            session.emit(each.invoice_id, mirror, entity=state.entity_id, effective_on=day)


async def payment_reversed(session: Session, payment: Payment) -> None:
    """Return the instrument of a payment that was reversed as a whole, or take it in hand again."""
    if payment.instrument_id is None or payment.reversed_on is None:
        return
    state = await session.get(INSTRUMENT, payment.instrument_id)
    event = decide.after_reversal(state, payment, payment.standing_reversals[-1])
    if event is None:
        return
    day = emit(session, state, event, payment.reversed_on)
    after = await session.get(INSTRUMENT, state.instrument_id)
    if after.is_covering:
        await begin(session, state.instrument_id, day)
    else:
        await end(session, state, "returned", day)


async def payment_restored(session: Session, payment: Payment) -> None:
    """Count the instrument as paid again whose payment stands again."""
    if payment.instrument_id is None or payment.reversed_on is not None:
        return
    state = await session.get(INSTRUMENT, payment.instrument_id)
    event = decide.after_restoration(state, payment)
    if event is not None:
        day = emit(session, state, event, session.today)
        await end(session, state, "cleared", day)
