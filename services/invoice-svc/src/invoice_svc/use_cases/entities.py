"""Commands on an entity."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.entity import decide
from invoice_svc.domain.entity.commands import AmendEntity, DefineSeries, RegisterEntity
from invoice_svc.domain.entity.state import EntityEvent
from invoice_svc.use_cases.folds import ENTITY


async def register(session: Session, command: RegisterEntity) -> Result:
    """Register a legal entity with its two default series."""
    state = await session.load(ENTITY, command.entity_id)
    return _emit(session, command.entity_id, decide.register(state, command))


async def amend(session: Session, command: AmendEntity) -> Result:
    """Change the identity from now on."""
    state = await session.get(ENTITY, command.entity_id)
    return _emit(session, command.entity_id, decide.amend(state, command))


async def define_series(session: Session, command: DefineSeries) -> Result:
    """Define a number series, new or with another template."""
    state = await session.get(ENTITY, command.entity_id)
    return _emit(session, command.entity_id, decide.define_series(state, command))


def _emit(session: Session, entity_id: str, events: list[EntityEvent]) -> Result:
    for event in events:
        session.emit(entity_id, event, entity=entity_id)
    return session.result(entity_id)
