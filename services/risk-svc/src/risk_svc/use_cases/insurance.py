"""Commands on insurance contracts, covers and their deadlines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from encours.contracts import Event
from encours.contracts.insured.covers import InsuranceCover
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain.insurance import contract, cover, deadline
from risk_svc.domain.insurance.deadlines import InsuranceDeadline
from risk_svc.use_cases.customers import unmerged
from risk_svc.use_cases.standing import ENTITY

INSURANCE_CONTRACT: Folder[contract.InsuranceContract] = Folder(
    contract.InsuranceContract, contract.evolve, contract.InsuranceContractNotFound
)
COVER: Folder[InsuranceCover] = Folder(InsuranceCover, cover.evolve, cover.CoverNotFound)
DEADLINE: Folder[deadline.DeadlineState] = Folder(
    deadline.DeadlineState, deadline.evolve, deadline.InsuranceDeadlineNotFound
)


class Deadlines(Protocol):
    """Query for a deadline that is open."""

    async def of(self, ledger: str, deadline_id: str, day: date) -> InsuranceDeadline | None:
        """Return the deadline; ``None`` if there is none of the id on the day."""


async def set_contract(session: Session, command: contract.SetInsuranceContract) -> Result:
    """Set the content of a contract."""
    await session.get(ENTITY, command.entity_id)
    stream = contract.contract_of(command.code)
    for event in contract.set_contract(await session.load(INSURANCE_CONTRACT, stream), command):
        session.emit(stream, event, entity=command.entity_id)
    return session.result(stream)


async def grant_cover(session: Session, command: cover.GrantCover) -> Result:
    """Record a cover of a registered customer."""
    customer = await unmerged(session, command.customer_id)
    found = await session.get(INSURANCE_CONTRACT, contract.contract_of(command.contract_code))
    assert found.content is not None
    await session.load(COVER, command.cover_id)
    event = cover.grant(command, found.content, customer.entity_id, session.today)
    session.emit(command.cover_id, event, entity=customer.entity_id)
    return session.result(command.cover_id)


async def change_cover(
    session: Session, command: cover.ReduceCover | cover.CancelCover | cover.StopCover | cover.ResumeCover
) -> Result:
    """Reduce, cancel, stop or resume a cover."""
    state = await session.get(COVER, command.cover_id)
    events: Sequence[Event]
    effective_on = None
    match command:
        case cover.ReduceCover():
            events = cover.reduce(state, command, session.today)
        case cover.CancelCover():
            events = cover.cancel(state, command, session.today)
        case cover.StopCover():
            events, effective_on = cover.stop(state, command), command.from_on
        case cover.ResumeCover():
            events, effective_on = cover.resume(state, command), command.from_on
    for event in events:
        session.emit(command.cover_id, event, entity=state.entity_id, effective_on=effective_on)
    return session.result(command.cover_id)


async def alert_deadline(session: Session, command: deadline.AlertDeadline) -> Result:
    """Record that a deadline is near."""
    identifier = command.deadline.deadline_id
    for event in deadline.alert(await session.load(DEADLINE, identifier), command):
        session.emit(identifier, event, entity=command.deadline.entity_id)
    return session.result(identifier)


async def miss_deadline(session: Session, command: deadline.MissDeadline) -> Result:
    """Record that a deadline has passed unmet."""
    identifier = command.deadline.deadline_id
    for event in deadline.miss(await session.load(DEADLINE, identifier), command):
        session.emit(identifier, event, entity=command.deadline.entity_id)
    return session.result(identifier)


async def meet_deadline(session: Session, command: deadline.MeetDeadline, deadlines: Deadlines) -> Result:
    """Record that the insured did what a deadline asks for."""
    state = await session.load(DEADLINE, command.deadline_id)
    found = await session.ask(deadlines.of, session.meta.ledger, command.deadline_id, session.today)
    for event in deadline.meet(state, command, found, session.today):
        session.emit(command.deadline_id, event, entity=found.entity_id if found else state.entity_id)
    return session.result(command.deadline_id)
