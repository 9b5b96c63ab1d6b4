"""Commands on a quote. An acceptance makes its invoice or order in the same append: never one without the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.quote import decide
from invoice_svc.domain.quote.commands import (
    AcceptQuote,
    AmendQuote,
    DraftQuote,
    ExtendQuote,
    RefuseQuote,
    SendQuote,
)
from invoice_svc.domain.quote.state import QuoteEvent
from invoice_svc.use_cases.folds import CUSTOMER, ENTITY, QUOTE
from invoice_svc.use_cases.parties.debtors import survivor, unmerged
from invoice_svc.use_cases.sales import invoices, orders


async def draft(session: Session, command: DraftQuote) -> Result:
    """Prepare a quote."""
    entity = await session.get(ENTITY, command.entity_id)
    customer = await unmerged(session, command.customer_id)
    state = await session.load(QUOTE, command.quote_id)
    drafted = decide.draft(state, command, entity, customer, session.today)
    return _emit(session, command.quote_id, command.entity_id, drafted)


async def amend(session: Session, command: AmendQuote) -> Result:
    """Replace the content of a quote that was not sent."""
    state = await session.get(QUOTE, command.quote_id)
    entity = await session.get(ENTITY, state.entity_id)
    customer = await session.get(CUSTOMER, state.customer_id)
    amended = decide.amend(state, command, entity, customer, session.today)
    return _emit(session, state.quote_id, state.entity_id, amended)


async def send(session: Session, command: SendQuote) -> Result:
    """Record that the quote was sent."""
    state = await session.get(QUOTE, command.quote_id)
    on = command.sent_on or session.today
    sent = decide.send(state, command, on, session.today)
    return _emit(session, state.quote_id, state.entity_id, sent, on)


async def extend(session: Session, command: ExtendQuote) -> Result:
    """Give the customer longer to accept."""
    state = await session.get(QUOTE, command.quote_id)
    extended = decide.extend(state, command, session.today)
    return _emit(session, state.quote_id, state.entity_id, extended)


async def accept(session: Session, command: AcceptQuote) -> Result:
    """Record the acceptance, and make the draft invoice or the order.

    Its id follows from the quote's, and the append refuses a second acceptance. So one is made, however many processes
    record the acceptance.
    """
    state = await session.get(QUOTE, command.quote_id)
    on = command.accepted_on or session.today
    leads_to = derived_id("inv" if command.into == "invoice" else "ord", "quote", state.quote_id)
    accepted = decide.accept(state, command, on, session.today, leads_to=leads_to)
    result = _emit(session, state.quote_id, state.entity_id, [accepted], on)
    buyer = (await survivor(session, state.customer_id, session.today)).customer_id
    if command.into == "invoice":
        drafted = decide.invoice_of(state, leads_to, command.series)
        await invoices.draft(session, replace(drafted, customer_id=buyer))
    else:
        await orders.place(session, replace(decide.order_of(state, leads_to, on), customer_id=buyer))
    return result


async def refuse(session: Session, command: RefuseQuote) -> Result:
    """Record that the customer refuses."""
    state = await session.get(QUOTE, command.quote_id)
    on = command.refused_on or session.today
    refused = decide.refuse(state, command, on, session.today)
    return _emit(session, state.quote_id, state.entity_id, refused, on)


def _emit(
    session: Session, quote_id: str, entity_id: str, events: Sequence[QuoteEvent], on: date | None = None
) -> Result:
    for event in events:
        session.emit(quote_id, event, entity=entity_id, effective_on=on)
    return session.result(quote_id)
