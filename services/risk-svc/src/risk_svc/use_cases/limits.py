"""Commands on a limit request."""

from __future__ import annotations

from dataclasses import replace

from encours.contracts import Event
from encours.contracts.events.risk import LimitBasis
from encours.contracts.events.score import STREAM
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain import limit
from risk_svc.domain.limit_basis import limit_basis
from risk_svc.domain.policy import Authority
from risk_svc.use_cases.customers import unmerged
from risk_svc.use_cases.reservations import Pictures
from risk_svc.use_cases.score_models import SCORE_MODELS
from risk_svc.use_cases.standing import authority_for

LIMIT: Folder[limit.LimitState] = Folder(limit.LimitState, limit.evolve, limit.LimitRequestNotFound)


async def request_limit(session: Session, command: limit.RequestLimit) -> Result:
    """Request a limit for a registered customer."""
    customer = await unmerged(session, command.customer_id)
    await session.load(LIMIT, command.limit_id)
    return _emit(session, command.limit_id, customer.entity_id, limit.request(command, session.today))


async def approve_limit(session: Session, command: limit.ApproveLimit, pictures: Pictures) -> Result:
    """Put a requested limit in force. The decision contains the figures that it saw."""
    state = await session.get(LIMIT, command.limit_id)
    amount = state.amount_minor if command.amount_minor is None else command.amount_minor
    by = await _authority(session, state, amount)
    basis = await _basis(session, state, pictures)
    return _emit(
        session, command.limit_id, state.entity_id, limit.approve(state, command, by, session.today, basis)
    )


async def refuse_limit(session: Session, command: limit.RefuseLimit, pictures: Pictures) -> Result:
    """Refuse a request. The decision contains the figures that it saw."""
    state = await session.get(LIMIT, command.limit_id)
    by = await _authority(session, state, state.amount_minor)
    basis = await _basis(session, state, pictures)
    return _emit(session, command.limit_id, state.entity_id, limit.refuse(state, command, by, basis))


async def _basis(session: Session, state: limit.LimitState, pictures: Pictures) -> LimitBasis | None:
    """Return the figures for a decision; ``None`` where the request is decided already."""
    if state.state != "requested":
        return None
    models = await session.load(SCORE_MODELS, STREAM)
    seen = await session.ask(pictures.of, session.meta.ledger, state.customer_id, session.today)
    return limit_basis(replace(seen, model=models.model), state.currency, session.today)


async def _authority(session: Session, state: limit.LimitState, amount_minor: int) -> Authority:
    return await authority_for(
        session, state.entity_id, amount_minor, state.currency, asked_by=state.requested_by
    )


def _emit(session: Session, limit_id: str, entity_id: str, events: list[Event]) -> Result:
    for event in events:
        session.emit(limit_id, event, entity=entity_id)
    return session.result(limit_id)
