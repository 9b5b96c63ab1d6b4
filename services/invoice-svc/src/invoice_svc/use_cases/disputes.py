"""Commands on a dispute: two streams change together, the dispute's and the invoice's."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.dispute import decide
from invoice_svc.domain.dispute.commands import OpenDispute, ResolveDispute
from invoice_svc.domain.invoice import contest
from invoice_svc.use_cases.folds import DISPUTE, INVOICE


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


async def resolve(session: Session, command: ResolveDispute) -> Result:
    """End the dispute; unless the claim was accepted, what is still owed of it is collectable again."""
    state = await session.get(DISPUTE, command.dispute_id)
    invoice = await session.get(INVOICE, state.invoice_id)
    on = command.on or session.today
    for event in decide.resolve(state, command, on, session.today):
        session.emit(command.dispute_id, event, entity=state.entity_id, effective_on=on)
        for share in contest.undispute_share(invoice, dispute_id=command.dispute_id, outcome=command.outcome):
            session.emit(state.invoice_id, share, entity=state.entity_id, effective_on=on)
    return session.result(command.dispute_id)
