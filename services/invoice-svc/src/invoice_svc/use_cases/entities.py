"""Commands on an entity."""

from __future__ import annotations

from encours.ledger.session import Session
from invoice_svc.domain import entity as domain
from invoice_svc.domain.entity import AmendEntity, DefineSeries, Entity, RegisterEntity
from invoice_svc.use_cases.folds import ENTITY


async def register(session: Session, command: RegisterEntity) -> None:
    """A legal entity with its two default series."""
    state = await session.load(ENTITY, command.entity_id)
    _emit(session, command.entity_id, domain.register(state, command))


async def amend(session: Session, entity_id: str, command: AmendEntity) -> None:
    """The identity from now on."""
    _emit(session, entity_id, domain.amend(await known(session, entity_id), command))


async def define_series(session: Session, entity_id: str, command: DefineSeries) -> None:
    """A number series, new or with another template."""
    _emit(session, entity_id, domain.define_series(await known(session, entity_id), command))


async def known(session: Session, entity_id: str) -> Entity:
    """The entity, verified by the append; or not found."""
    return domain.require(await session.load(ENTITY, entity_id), entity_id)


def _emit(session: Session, entity_id: str, events: list[domain.EntityFact]) -> None:
    for event in events:
        session.emit(entity_id, event, entity=entity_id)
    session.answer(id=entity_id, as_of=session.meta.today.isoformat())
