"""Commands on a dispute: two streams change together, the dispute's and the invoice's."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.dispute import decide
from invoice_svc.domain.dispute.commands import OpenDispute, ResolveDispute
from invoice_svc.domain.invoice import contest
from invoice_svc.domain.invoice.contest import credit_of
from invoice_svc.use_cases.folds import DISPUTE, INVOICE
from invoice_svc.use_cases.money import early_discount, residuals
from invoice_svc.use_cases.sales import invoices


class Resolved(Result, frozen=True, kw_only=True):
    """Result of a resolution; the credit note is the one that was made with it."""

    credit_note_id: str | None


async def open_dispute(session: Session, command: OpenDispute) -> Result:
    """Record that an amount of an invoice is contested from a day on."""
    invoice = await session.get(INVOICE, command.invoice_id)
    dispute = await session.load(DISPUTE, command.dispute_id)
    on = command.opened_on or session.today
    share = contest.dispute_share(
        invoice, dispute_id=command.dispute_id, amount_minor=command.amount_minor, currency=command.currency
    )
    for event in decide.open_dispute(dispute, command, invoice, share.amount_minor, on, session.today):
        session.emit(command.dispute_id, event, entity=invoice.entity_id, effective_on=on)
    session.emit(command.invoice_id, share, entity=invoice.entity_id, effective_on=on)
    return session.result(command.dispute_id)


async def resolve(session: Session, command: ResolveDispute) -> Resolved:
    """End the dispute; unless the claim was accepted, what is still owed of it is collectable again.

    With ``credit`` the credit note is made in the same step, unless earlier ones have answered the claim.
    """
    state = await session.get(DISPUTE, command.dispute_id)
    invoice = await session.get(INVOICE, state.invoice_id)
    on = command.on or session.today
    awaiting = 0
    for event in decide.resolve(state, command, on, session.today):
        session.emit(command.dispute_id, event, entity=state.entity_id, effective_on=on)
        for share in contest.undispute_share(invoice, dispute_id=command.dispute_id, outcome=command.outcome):
            session.emit(state.invoice_id, share, entity=state.entity_id, effective_on=on)
            awaiting += share.awaiting_credit_minor
    note = None if command.credit is None else credit_of(command.credit, state.invoice_id, awaiting)
    if note is not None:
        await invoices.credit(session, note)
    await early_discount.take(session, state.invoice_id)
    await residuals.close_rests(session)
    return Resolved(
        id=command.dispute_id,
        as_of=session.today,
        credit_note_id=None if note is None else note.credit_note_id,
    )
