"""Correction of an invoice: credit note, new invoice and the payments that move to it, in one step."""

from __future__ import annotations

from msgspec.structs import replace

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.invoice import correction
from invoice_svc.domain.invoice.correction import CorrectInvoice
from invoice_svc.use_cases import billing, invoices, payments
from invoice_svc.use_cases.debtors import survivor
from invoice_svc.use_cases.folds import INVOICE


class Corrected(Result, frozen=True, kw_only=True):
    """Result of a correction; ``id`` is that of the new invoice."""

    credit_note_id: str | None


async def correct(session: Session, command: CorrectInvoice) -> Corrected:
    """Credit all that is left of the invoice, issue the new one, and put the payments of the old one on it."""
    old = await session.get(INVOICE, command.invoice_id)
    correction.require_not_corrected(old, await session.load(INVOICE, command.new_invoice_id))
    on = command.issued_on or session.today
    note = correction.credit_of(old, command, on)
    if note is not None:
        await invoices.credit(session, note)
    await billing.move(session, old, command.new_invoice_id, on)
    drafted = correction.new_invoice(old, command, on)
    buyer = await survivor(session, drafted.customer_id, on)
    await invoices.draft(session, replace(drafted, customer_id=buyer.customer_id))
    freed: dict[str, int] = {}
    for part in (await session.get(INVOICE, command.invoice_id)).credits[-1].released if note else ():
        freed[part.payment_id] = freed.get(part.payment_id, 0) + part.amount_minor
    for payment_id, amount_minor in freed.items():
        await _put(session, payment_id, amount_minor, command.new_invoice_id)
    note_id = None if note is None else note.credit_note_id
    return Corrected(id=command.new_invoice_id, as_of=session.today, credit_note_id=note_id)


async def _put(session: Session, payment_id: str, freed_minor: int, invoice_id: str) -> None:
    """Put cash that the credit note has freed on the new invoice, as much as that takes."""
    room = (await session.get(INVOICE, invoice_id)).outstanding_minor
    amount = min(room, freed_minor)
    if amount > 0:
        await payments.move(session, payment_id, amount, invoice_id)
