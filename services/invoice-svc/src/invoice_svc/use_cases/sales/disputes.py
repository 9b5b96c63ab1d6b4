"""Commands on a dispute: two streams change together, the dispute's and the invoice's."""

from __future__ import annotations

from datetime import date

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.dispute import decide
from invoice_svc.domain.dispute.commands import (
    AssignDispute,
    CommentDispute,
    RaiseDispute,
    ResolveDispute,
)
from invoice_svc.domain.dispute.state import ended_parts
from invoice_svc.domain.invoice import contest
from invoice_svc.domain.invoice.contest import credit_of
from invoice_svc.use_cases.folds import DISPUTE, INVOICE
from invoice_svc.use_cases.money import early_discount, residuals
from invoice_svc.use_cases.money.claims import deadline_for, emit
from invoice_svc.use_cases.sales import invoices


class Resolved(Result, frozen=True, kw_only=True):
    """Result of a resolution; the credit note is the one that was made with it."""

    credit_note_id: str | None


async def assign(session: Session, command: AssignDispute) -> Result:
    """Set owner and deadline of an open dispute from now on."""
    state = await session.get(DISPUTE, command.dispute_id)
    deadline = await deadline_for(
        session,
        state.entity_id,
        state.category,
        state.opened_on,
        owner=command.owner or state.owner,
        answer_by=command.answer_by or state.answer_by,
    )
    emit(session, state.dispute_id, state.entity_id, decide.assign(state, command, deadline))
    return session.result(state.dispute_id)


async def comment(session: Session, command: CommentDispute) -> Result:
    """Add a remark and documents."""
    state = await session.get(DISPUTE, command.dispute_id)
    emit(session, state.dispute_id, state.entity_id, decide.comment(state, command))
    return session.result(state.dispute_id)


async def raise_amount(session: Session, command: RaiseDispute) -> Result:
    """Record that the customer contests more of the invoice."""
    state = await session.get(DISPUTE, command.dispute_id)
    invoice = await session.get(INVOICE, state.invoice_id)
    on = command.on or session.today
    raised = decide.raise_amount(state, command, on, session.today)
    share = contest.dispute_share(
        invoice, dispute_id=state.dispute_id, amount_minor=command.amount_minor, currency=command.currency
    )
    emit(session, state.dispute_id, state.entity_id, raised, on)
    session.emit(state.invoice_id, share, entity=state.entity_id, effective_on=on)
    return session.result(state.dispute_id)


async def resolve(session: Session, command: ResolveDispute) -> Resolved:
    """End the dispute or a part of it; unless the claim was accepted, what is still owed of it is collectable again.

    With ``credit`` the credit note is made in the same step, unless earlier ones have answered the claim.
    """
    state = await session.get(DISPUTE, command.dispute_id)
    invoice = await session.get(INVOICE, state.invoice_id)
    on = command.on or session.today
    awaiting = 0
    for event in decide.resolve(state, command, on, session.today):
        emit(session, state.dispute_id, state.entity_id, [event], on)
        for part in ended_parts(event):
            share = contest.undispute_share(
                invoice, dispute_id=state.dispute_id, outcome=part.outcome, amount_minor=part.amount_minor
            )
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


async def alert(session: Session, dispute_id: str, today: date) -> Result:
    """Record that the deadline is near or was missed, once."""
    state = await session.get(DISPUTE, dispute_id)
    emit(session, dispute_id, state.entity_id, decide.alert(state, today), today)
    return session.result(dispute_id)
