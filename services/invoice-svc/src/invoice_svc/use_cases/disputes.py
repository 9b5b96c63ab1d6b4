"""Commands on a dispute: two streams change together, the dispute's and the invoice's."""

from __future__ import annotations

from encours.ledger.session import Session
from invoice_svc.domain import dispute as domain
from invoice_svc.domain.dispute import Dispute, OpenDispute, ResolveDispute
from invoice_svc.domain.invoice import decide
from invoice_svc.use_cases import invoices
from invoice_svc.use_cases.folds import DISPUTE


async def open_dispute(session: Session, command: OpenDispute) -> None:
    """An amount of an invoice is contested from a day on."""
    invoice = await invoices.known(session, command.invoice_id)
    dispute = await session.load(DISPUTE, command.dispute_id)
    share = decide.dispute_share(invoice, dispute_id=command.dispute_id, amount_minor=command.amount_minor)
    for event in domain.open_dispute(dispute, command, invoice, share.amount_minor, session.meta.today):
        session.emit(command.dispute_id, event, entity=invoice.entity_id, effective_on=command.opened_on)
    session.emit(command.invoice_id, share, entity=invoice.entity_id, effective_on=command.opened_on)
    _answer(session, command.dispute_id)


async def resolve(session: Session, command: ResolveDispute) -> None:
    """The dispute ends; what is still owed of its amount is collectable again."""
    state = await known(session, command.dispute_id)
    invoice = await invoices.known(session, state.invoice_id)
    for event in domain.resolve(state, command, session.meta.today):
        session.emit(command.dispute_id, event, entity=state.entity_id, effective_on=command.on)
        for share in decide.undispute_share(invoice, dispute_id=command.dispute_id, outcome=command.outcome):
            session.emit(state.invoice_id, share, entity=state.entity_id, effective_on=command.on)
    _answer(session, command.dispute_id)


async def known(session: Session, dispute_id: str) -> Dispute:
    """The dispute, verified by the append; or not found."""
    return domain.require(await session.load(DISPUTE, dispute_id), dispute_id)


def _answer(session: Session, dispute_id: str) -> None:
    session.answer(id=dispute_id, as_of=session.meta.today.isoformat())
