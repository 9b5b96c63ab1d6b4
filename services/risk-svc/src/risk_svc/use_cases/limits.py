"""Commands on a limit request."""

from __future__ import annotations

from encours.contracts import Event
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain import limit
from risk_svc.use_cases import customers

LIMIT: Folder[limit.LimitState] = Folder(limit.LimitState, limit.evolve)


async def request_limit(session: Session, command: limit.RequestLimit) -> None:
    """Ask for a limit for a registered customer."""
    customer = await customers.known(session, command.customer_id)
    await session.load(LIMIT, command.limit_id)
    _emit(session, command.limit_id, customer.entity_id, limit.request(command, session.meta.today))


async def approve_limit(session: Session, command: limit.ApproveLimit) -> None:
    """Put a requested limit in force."""
    state = await session.load(LIMIT, command.limit_id)
    _emit(session, command.limit_id, state.entity_id, limit.approve(state, command))


async def refuse_limit(session: Session, command: limit.RefuseLimit) -> None:
    """Turn a request down."""
    state = await session.load(LIMIT, command.limit_id)
    _emit(session, command.limit_id, state.entity_id, limit.refuse(state, command))


def _emit(session: Session, limit_id: str, entity_id: str, events: list[Event]) -> None:
    for event in events:
        session.emit(limit_id, event, entity=entity_id)
    session.answer(limit_id=limit_id)
