"""Early-payment discounts that payments take, and that go when a payment leaves the invoice."""

from __future__ import annotations

from datetime import date

from encours.ledger.session import Session
from invoice_svc.domain.invoice import discount as rules
from invoice_svc.domain.invoice.discount import Withdrawal
from invoice_svc.domain.invoice.room import earliest_room
from invoice_svc.use_cases.folds import INVOICE, PAYMENT


async def take(session: Session, invoice_id: str) -> None:
    """Settle the invoice with its early-payment discount if its payments came to the discounted amount in time.

    Every command after which that may be so ends with it, so that the order of booking changes nothing.
    """
    invoice = await session.get(INVOICE, invoice_id)
    if not invoice.applied or not rules.discount_minor(invoice):
        return
    last = invoice.applied[-1]
    words = (await session.get(PAYMENT, last.payment_id)).remittance_text
    for taken in rules.take(invoice, last, words):
        on = earliest_room(invoice, taken.amount_minor, last.effective_on) or last.effective_on
        session.emit(invoice_id, taken, entity=invoice.entity_id, effective_on=on)


async def withdraw(session: Session, invoice_id: str, cause: Withdrawal, on: date) -> bool:
    """Take a discount back, from a day on, but not before it was taken; return False if there was none."""
    invoice = await session.get(INVOICE, invoice_id)
    withdrawn = rules.withdraw(invoice, cause)
    for event in withdrawn:
        day = max(on, invoice.discount.effective_on if invoice.discount else on)
        session.emit(invoice_id, event, entity=invoice.entity_id, effective_on=day)
    return bool(withdrawn)
