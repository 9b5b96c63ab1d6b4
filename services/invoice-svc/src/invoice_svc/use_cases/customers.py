"""Commands on a customer."""

from __future__ import annotations

from encours.ledger.session import Session
from invoice_svc.domain import customer as domain
from invoice_svc.domain.customer import AddContact, AgreeTerms, AmendCustomer, Customer, RegisterCustomer
from invoice_svc.use_cases import entities
from invoice_svc.use_cases.folds import CUSTOMER


async def register(session: Session, command: RegisterCustomer) -> None:
    """A customer of an entity that exists."""
    await entities.known(session, command.entity_id)
    state = await session.load(CUSTOMER, command.customer_id)
    _emit(session, command.customer_id, command.entity_id, domain.register(state, command))


async def amend(session: Session, customer_id: str, command: AmendCustomer) -> None:
    """The identity from now on."""
    state = await known(session, customer_id)
    _emit(session, customer_id, state.entity_id, domain.amend(state, command))


async def agree_terms(session: Session, customer_id: str, command: AgreeTerms) -> None:
    """Contract conditions from a day on."""
    state = await known(session, customer_id)
    _emit(session, customer_id, state.entity_id, domain.agree_terms(state, command))


async def add_contact(session: Session, customer_id: str, command: AddContact) -> None:
    """A person at the customer."""
    state = await known(session, customer_id)
    _emit(session, customer_id, state.entity_id, domain.add_contact(state, command))


async def note(session: Session, customer_id: str, text: str) -> None:
    """A remark for the file."""
    state = await known(session, customer_id)
    _emit(session, customer_id, state.entity_id, domain.note(state, text))


async def known(session: Session, customer_id: str) -> Customer:
    """The customer, verified by the append; or not found."""
    return domain.require(await session.load(CUSTOMER, customer_id), customer_id)


def _emit(session: Session, customer_id: str, entity_id: str, events: list[domain.CustomerFact]) -> None:
    for event in events:
        session.emit(customer_id, event, entity=entity_id)
    session.answer(id=customer_id, as_of=session.meta.today.isoformat())
