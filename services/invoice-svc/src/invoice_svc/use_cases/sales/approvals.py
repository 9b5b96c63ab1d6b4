"""Commands of the approval circuit: its rules, and the decisions on drafts."""

from __future__ import annotations

from collections.abc import Sequence

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.approval import decide
from invoice_svc.domain.approval.commands import ApproveInvoice, RejectInvoice, SetApproval, SubmitInvoice
from invoice_svc.domain.invoice.decide import require_draft
from invoice_svc.domain.invoice.evolve import InvoiceEvent
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.use_cases.folds import ENTITY, INVOICE


async def set_approval(session: Session, command: SetApproval) -> Result:
    """Set the rules and the approvers of an entity."""
    state = await session.get(ENTITY, command.entity_id)
    for event in decide.set_circuit(state, command):
        session.emit(command.entity_id, event, entity=command.entity_id)
    return session.result(command.entity_id)


async def submit(session: Session, command: SubmitInvoice) -> Result:
    """Submit a draft for approval."""
    state = await session.get(INVOICE, command.invoice_id)
    require_draft(state, "submitted")
    return _emit(session, state, decide.submit(state))


async def approve(session: Session, command: ApproveInvoice) -> Result:
    """Approve a submitted draft, as the caller."""
    state = await session.get(INVOICE, command.invoice_id)
    require_draft(state, "approved")
    entity = await session.get(ENTITY, state.entity_id)
    return _emit(session, state, decide.approve(state, entity, session.meta.actor, session.today))


async def reject(session: Session, command: RejectInvoice) -> Result:
    """Reject a submitted draft, as the caller."""
    state = await session.get(INVOICE, command.invoice_id)
    require_draft(state, "rejected")
    entity = await session.get(ENTITY, state.entity_id)
    actor = session.meta.actor
    return _emit(session, state, decide.reject(state, entity, actor, session.today, command.cause))


def _emit(session: Session, state: Invoice, events: Sequence[InvoiceEvent]) -> Result:
    for event in events:
        session.emit(state.invoice_id, event, entity=state.entity_id)
    return session.result(state.invoice_id)
