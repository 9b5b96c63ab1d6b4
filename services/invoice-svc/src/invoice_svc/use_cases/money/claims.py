"""Opening of a dispute: on the word of the customer, or by a deduction that a remittance advice announces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from encours.contracts.events.sales.dispute import Category
from encours.kernel.errors import Invalid
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.dispute import decide
from invoice_svc.domain.dispute.commands import OpenDispute
from invoice_svc.domain.dispute.deadline import Deadline, deadline_of
from invoice_svc.domain.dispute.state import DisputeEvent
from invoice_svc.domain.dispute_rules.commands import rules_id
from invoice_svc.domain.invoice import contest
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.use_cases.folds import DISPUTE, DISPUTE_RULES, ENTITY, INVOICE, PAYMENT
from invoice_svc.use_cases.parties.debtors import survivor


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
        deadline=await deadline_for(
            session, invoice.entity_id, category, on, owner=command.owner, answer_by=command.answer_by
        ),
    )
    emit(session, command.dispute_id, invoice.entity_id, opened, on)
    session.emit(command.invoice_id, share, entity=invoice.entity_id, effective_on=on)
    return session.result(command.dispute_id)


async def deadline_for(
    session: Session,
    entity_id: str,
    category: Category,
    opened_on: date,
    *,
    owner: str | None,
    answer_by: date | None,
) -> Deadline:
    """Return owner and deadline of a dispute, by the rules of its category where they are not given."""
    rules = await session.load(DISPUTE_RULES, rules_id(entity_id), guard=False)
    entity = await session.load(ENTITY, entity_id, guard=False)
    rule = rules.rule_of(category, opened_on)
    return deadline_of(rule, entity.country, opened_on, owner=owner, answer_by=answer_by)


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


def emit(
    session: Session,
    dispute_id: str,
    entity_id: str,
    events: Sequence[DisputeEvent],
    on: date | None = None,
) -> None:
    """Emit events of a dispute."""
    for event in events:
        session.emit(dispute_id, event, entity=entity_id, effective_on=on)
