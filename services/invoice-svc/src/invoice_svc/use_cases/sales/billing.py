"""Deliveries of an invoice: the orders' streams tell which invoice has each, and change together with it."""

from __future__ import annotations

from datetime import date

from encours.contracts.events.sales.order import UnbilledCause
from encours.ledger.session import Session
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.order import decide
from invoice_svc.use_cases.folds import ORDER


async def move(session: Session, invoice: Invoice, invoice_id: str, on: date) -> None:
    """Put the deliveries of an invoice, which were freed, on the one that comes in its place."""
    for order_id in dict.fromkeys(cited.order_id for cited in invoice.deliveries):
        order = await session.get(ORDER, order_id)
        cited = {each.delivery_id for each in invoice.deliveries}
        again = [each for each in order.deliveries if each.delivery_id in cited]
        billed = decide.bill(order, again, invoice_id)
        session.emit(order_id, billed, entity=order.entity_id, effective_on=on)


async def free(session: Session, invoice: Invoice, cause: UnbilledCause, on: date) -> None:
    """Free the deliveries of an invoice that was cancelled as a draft or credited as a whole."""
    for order_id in dict.fromkeys(cited.order_id for cited in invoice.deliveries):
        order = await session.get(ORDER, order_id)
        for event in decide.unbill(order, invoice.invoice_id, cause):
            session.emit(order_id, event, entity=order.entity_id, effective_on=on)
