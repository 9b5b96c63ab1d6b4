"""Commands on early warnings and on their rules."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain.warning import episode
from risk_svc.use_cases.standing import ENTITY

CREDIT_WARNING: Folder[episode.WarningEpisode] = Folder(
    episode.WarningEpisode, episode.evolve, episode.CreditWarningNotFound
)
WARNING_RULES: Folder[episode.EntityWarningRules] = Folder(episode.EntityWarningRules, episode.evolve_rules)


async def raise_warning(session: Session, command: episode.RaiseWarning, entity_id: str) -> Result:
    """Begin an episode of a warning about a customer of an entity, once."""
    stream = episode.warning_of(command.customer_id, command.kind, command.episode)
    for event in episode.begin(await session.load(CREDIT_WARNING, stream), command):
        session.emit(stream, event, entity=entity_id, effective_on=command.day)
    return session.result(stream)


async def end_warning(session: Session, command: episode.EndWarning) -> Result:
    """End an episode."""
    state = await session.get(CREDIT_WARNING, command.credit_warning_id)
    for event in episode.end(state, command):
        session.emit(command.credit_warning_id, event, entity=state.entity_id)
    return session.result(command.credit_warning_id)


async def acknowledge(session: Session, command: episode.AcknowledgeWarning) -> Result:
    """Acknowledge a warning."""
    state = await session.get(CREDIT_WARNING, command.credit_warning_id)
    for event in episode.acknowledge(state, command, actor=session.meta.actor):
        session.emit(command.credit_warning_id, event, entity=state.entity_id)
    return session.result(command.credit_warning_id)


async def set_rules(session: Session, command: episode.SetWarningRules) -> Result:
    """Set the rules of an entity."""
    await session.get(ENTITY, command.entity_id)
    stream = episode.rules_of(command.entity_id)
    for event in episode.set_rules(await session.load(WARNING_RULES, stream), command):
        session.emit(stream, event, entity=command.entity_id)
    return session.result(stream)
