"""Commands on a dispute: two streams change together, the dispute's and the invoice's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from encours.contracts.events.sales.dispute import Category
from encours.kernel.errors import Invalid
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.dispute import decide
from invoice_svc.domain.dispute.commands import (
    AssignDispute,
    CommentDispute,
    OpenDispute,
    RaiseDispute,
    ResolveDispute,
)
from invoice_svc.domain.dispute.deadline import Deadline, deadline_of
from invoice_svc.domain.dispute.state import DisputeEvent, ended_parts
from invoice_svc.domain.dispute_rules.commands import rules_id
from invoice_svc.domain.invoice import contest
from invoice_svc.domain.invoice.contest import credit_of
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.use_cases.folds import DISPUTE, DISPUTE_RULES, ENTITY, INVOICE, PAYMENT
from invoice_svc.use_cases.money import early_discount, residuals
from invoice_svc.use_cases.parties.debtors import survivor
from invoice_svc.use_cases.sales import invoices


class Resolved(Result, frozen=True, kw_only=True):
    """Result of a resolution; the credit note is the one that was made with it."""

    credit_note_id: str | None


async def open_dispute(session: Session, command: OpenDispute) -> Result:
    """Record that an amount of an invoice is contested, or was deducted from a payment, from a day on."""
    invoice = await session.get(INVOICE, command.invoice_id)
    dispute = await session.load(DISPUTE, command.dispute_id)
    on = command.opened_on or session.today
    share = contest.dispute_share(
        invoice, dispute_id=command.dispute_id, amount_minor=command.amount_minor, currency=command.currency
    )
    if command.follows is not None:
        decide.require_earlier(await session.get(DISPUTE, command.follows), command.invoice_id)
    if command.payment_id is not None:
        decide.require_short_payment(await session.get(PAYMENT, command.payment_id), command.invoice_id)
    category, mapped = await _category(session, command, invoice, on)
    opened = decide.open_dispute(
        dispute,
        command,
        invoice,
        share.amount_minor,
        on,
        session.today,
        category=category,
        mapped=mapped,
        deadline=await _deadline(
            session, invoice.entity_id, category, on, owner=command.owner, answer_by=command.answer_by
        ),
    )
    _emit(session, command.dispute_id, invoice.entity_id, opened, on)
    session.emit(command.invoice_id, share, entity=invoice.entity_id, effective_on=on)
    return session.result(command.dispute_id)


async def assign(session: Session, command: AssignDispute) -> Result:
    """Set owner and deadline of an open dispute from now on."""
    state = await session.get(DISPUTE, command.dispute_id)
    deadline = await _deadline(
        session,
        state.entity_id,
        state.category,
        state.opened_on,
        owner=command.owner or state.owner,
        answer_by=command.answer_by or state.answer_by,
    )
    _emit(session, state.dispute_id, state.entity_id, decide.assign(state, command, deadline))
    return session.result(state.dispute_id)


async def comment(session: Session, command: CommentDispute) -> Result:
    """Add a remark and documents."""
    state = await session.get(DISPUTE, command.dispute_id)
    _emit(session, state.dispute_id, state.entity_id, decide.comment(state, command))
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
    _emit(session, state.dispute_id, state.entity_id, raised, on)
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
        _emit(session, state.dispute_id, state.entity_id, [event], on)
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
    _emit(session, dispute_id, state.entity_id, decide.alert(state, today), today)
    return session.result(dispute_id)


async def _category(
    session: Session, command: OpenDispute, invoice: Invoice, on: date
) -> tuple[Category, bool]:
    """Return the category, and True if it follows from the debtor's code; ``other`` for a code that is not mapped."""
    if command.category is not None:
        return command.category, False
    if command.code is None:
        raise Invalid("Give the category, or the debtor's code.", "/category")
    rules = await session.load(DISPUTE_RULES, rules_id(invoice.entity_id), guard=False)
    debtor = await survivor(session, invoice.customer_id, on, guard=False)
    found = rules.category_of(command.code, (invoice.customer_id, debtor.customer_id), on)
    return found or "other", found is not None


async def _deadline(
    session: Session,
    entity_id: str,
    category: Category,
    opened_on: date,
    *,
    owner: str | None,
    answer_by: date | None,
) -> Deadline:
    rules = await session.load(DISPUTE_RULES, rules_id(entity_id), guard=False)
    entity = await session.load(ENTITY, entity_id, guard=False)
    rule = rules.rule_of(category, opened_on)
    return deadline_of(rule, entity.country, opened_on, owner=owner, answer_by=answer_by)


def _emit(
    session: Session,
    dispute_id: str,
    entity_id: str,
    events: Sequence[DisputeEvent],
    on: date | None = None,
) -> None:
    for event in events:
        session.emit(dispute_id, event, entity=entity_id, effective_on=on)
