"""Credit notes [avoirs]: the only way to take back what was issued."""

from __future__ import annotations

from encours.ledger.session import Session
from invoice_svc.domain.invoice import decide
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.use_cases import entities, invoices


async def credit(session: Session, command: CreditInvoice) -> None:
    """A credit note with the next number of its series, or with the one that another system gave it."""
    state = await invoices.known(session, command.invoice_id)
    entity = await entities.known(session, state.entity_id)
    code = command.series or decide.CREDIT_SERIES
    for event in decide.credit(state, command, session.meta.today):
        step = (
            None if command.number else invoices.number_step(entity, code, "credit_note", command.issued_on)
        )
        session.emit(
            command.invoice_id, event, entity=state.entity_id, effective_on=command.issued_on, number=step
        )
    session.answer(
        id=command.invoice_id, credit_note_id=command.credit_note_id, as_of=session.meta.today.isoformat()
    )
