"""Commands on the opening of accounts."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain.file import opening
from risk_svc.use_cases.customers import unmerged
from risk_svc.use_cases.standing import ENTITY

ACCOUNT_CHECKLIST: Folder[opening.AccountChecklist] = Folder(
    opening.AccountChecklist, opening.evolve_checklist, opening.AccountChecklistNotFound
)
ACCOUNT_OPENING: Folder[opening.AccountOpening] = Folder(
    opening.AccountOpening, opening.evolve, opening.AccountOpeningNotFound
)


async def set_checklist(session: Session, command: opening.SetAccountChecklist) -> Result:
    """Set the checklist of an entity."""
    await session.get(ENTITY, command.entity_id)
    stream = opening.checklist_of(command.entity_id)
    for event in opening.set_checklist(await session.load(ACCOUNT_CHECKLIST, stream), command):
        session.emit(stream, event, entity=command.entity_id)
    return session.result(stream)


async def ask_for_account(session: Session, command: opening.AskForAccount) -> Result:
    """Ask for an account of a customer."""
    customer = await unmerged(session, command.customer_id)
    stream = opening.opening_of(command.customer_id)
    state = await session.load(ACCOUNT_OPENING, stream)
    checklist = await session.load(ACCOUNT_CHECKLIST, opening.checklist_of(customer.entity_id))
    asked = opening.ask(state, command, checklist, customer.segment)
    session.emit(stream, asked, entity=customer.entity_id)
    return session.result(stream)


async def settle_item(session: Session, command: opening.SettleItem) -> Result:
    """Complete or waive an item."""
    stream = opening.opening_of(command.customer_id)
    state = await session.get(ACCOUNT_OPENING, stream)
    for event in opening.settle(state, command):
        session.emit(stream, event, entity=state.entity_id)
    return session.result(stream)


async def decide_opening(session: Session, command: opening.DecideOpening) -> Result:
    """Open or refuse an account."""
    stream = opening.opening_of(command.customer_id)
    state = await session.get(ACCOUNT_OPENING, stream)
    for event in opening.decide(state, command, actor=session.meta.actor):
        session.emit(stream, event, entity=state.entity_id)
    return session.result(stream)
