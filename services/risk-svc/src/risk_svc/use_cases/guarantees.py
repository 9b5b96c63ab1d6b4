"""Commands on guarantees."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain import guarantee
from risk_svc.use_cases.customers import unmerged
from risk_svc.use_cases.standing import authority_for

GUARANTEE: Folder[guarantee.Guarantee] = Folder(
    guarantee.Guarantee, guarantee.evolve, guarantee.GuaranteeNotFound
)


async def take_guarantee(session: Session, command: guarantee.TakeGuarantee) -> Result:
    """Record a guarantee for a registered customer; it raises what a limit allows, so its amount needs the authority.

    Raises :class:`risk_svc.domain.policy.LacksAuthority`.
    """
    customer = await unmerged(session, command.customer_id)
    by = await authority_for(session, customer.entity_id, command.amount_minor, command.currency, asked_by="")
    await session.load(GUARANTEE, command.guarantee_id)
    for event in guarantee.take(command, by, session.today):
        session.emit(command.guarantee_id, event, entity=customer.entity_id)
    return session.result(command.guarantee_id)


async def release_guarantee(session: Session, command: guarantee.ReleaseGuarantee) -> Result:
    """End a guarantee before its last day."""
    state = await session.get(GUARANTEE, command.guarantee_id)
    for event in guarantee.release(state, command):
        session.emit(command.guarantee_id, event, entity=state.entity_id)
    return session.result(command.guarantee_id)
