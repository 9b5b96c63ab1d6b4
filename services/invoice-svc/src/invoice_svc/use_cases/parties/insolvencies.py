"""Commands on the insolvency proceedings of a customer."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.customer import insolvency
from invoice_svc.domain.customer.insolvency import CloseInsolvency, RecordInsolvency, proceedings_in_force
from invoice_svc.domain.customer.state import Customer
from invoice_svc.use_cases.folds import CUSTOMER
from invoice_svc.use_cases.parties.debtors import unmerged


async def record(session: Session, command: RecordInsolvency) -> Result:
    """Record that proceedings were opened, or more about those in force; also those of a record merged since."""
    state = await session.get(CUSTOMER, command.customer_id)
    if proceedings_in_force(state) is None:
        state = await unmerged(session, command.customer_id, pointer=None)
    return _emit(session, state, insolvency.record(state, command, session.today))


async def close(session: Session, command: CloseInsolvency) -> Result:
    """Record that the proceedings ended."""
    state = await session.get(CUSTOMER, command.customer_id)
    return _emit(session, state, insolvency.close(state, command, session.today))


def _emit(session: Session, state: Customer, found: list[insolvency.Dated]) -> Result:
    for event, on in found:
        session.emit(state.customer_id, event, entity=state.entity_id, effective_on=on)
    return session.result(state.customer_id)
