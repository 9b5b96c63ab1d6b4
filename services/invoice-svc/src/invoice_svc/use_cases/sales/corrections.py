"""Correction of an invoice: a draft in its place, whose issue credits the old one and takes over its payments."""

from __future__ import annotations

from msgspec.structs import replace

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.invoice.credit import correction
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice, correction_id
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.parties.debtors import survivor
from invoice_svc.use_cases.sales import invoices

MOST_CANCELLED = 20
"""Cancelled drafts of one correction: more are refused as if the last of them stood."""


class Corrected(Result, frozen=True, kw_only=True):
    """Result of a correction; ``id`` is that of the new invoice."""

    credit_note_id: str | None


async def correct(session: Session, command: CorrectInvoice) -> Corrected:
    """Draft the new invoice; with ``issue`` the correction is made in the same step (:func:`invoices.issue`)."""
    old = await session.get(INVOICE, command.invoice_id)
    correction.require_correctable(old, await invoices.final_numbers(session, [old]))
    replacement_id = await _free_id(session, old)
    drafted = correction.new_invoice(old, command, replacement_id)
    buyer = await survivor(session, drafted.customer_id, command.issued_on or session.today)
    await invoices.draft(session, replace(drafted, customer_id=buyer.customer_id))
    made = (await session.get(INVOICE, command.invoice_id)).credits[len(old.credits) :]
    note_id = made[-1].credit_note_id if made else None
    return Corrected(id=replacement_id, as_of=session.today, credit_note_id=note_id)


async def _free_id(session: Session, old: Invoice) -> str:
    """Return the id of the correction, after those of its cancelled drafts."""
    replacement_id = correction_id(old.invoice_id)
    for _ in range(MOST_CANCELLED):
        replacement = await session.load(INVOICE, replacement_id)
        correction.require_not_corrected(old, replacement)
        if replacement.document == "none":
            break
        replacement_id = correction_id(replacement_id)
    return replacement_id
