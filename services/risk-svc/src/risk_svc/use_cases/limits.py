"""Limit requests: load, decide, append."""

from __future__ import annotations

from encours.contracts import Event
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain import limit

FOLD: Folder[limit.State] = Folder(limit.State, limit.evolve)


async def request(session: Session, command: limit.RequestLimit) -> None:
    """Ask for a limit."""
    session.require_entity(command.entity_id)
    await session.load(FOLD, command.limit_id)
    _emit(session, command.limit_id, command.entity_id, limit.request(command, session.meta.today))


async def approve(
    session: Session, limit_id: str, amount_minor: int | None, max_days_past_due: int | None, text: str | None
) -> None:
    """Put a requested limit in force."""
    state = await session.load(FOLD, limit_id)
    _emit(
        session,
        limit_id,
        state.entity_id,
        limit.approve(state, limit_id, amount_minor, max_days_past_due, text),
    )


async def refuse(session: Session, limit_id: str, text: str) -> None:
    """Turn a request down."""
    state = await session.load(FOLD, limit_id)
    _emit(session, limit_id, state.entity_id, limit.refuse(state, limit_id, text))


def _emit(session: Session, limit_id: str, entity: str, events: list[Event]) -> None:
    for event in events:
        session.emit(limit_id, event, entity=entity)
    session.answer(limit_id=limit_id)
