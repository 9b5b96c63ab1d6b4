"""Commands on a customer's standing: holds, the badge of a bad payer; and on the policy that asks for them."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain import badge, hold, policy
from risk_svc.use_cases.customers import CUSTOMER, unmerged

CREDIT_HOLD: Folder[hold.HeldOrders] = Folder(hold.HeldOrders, hold.evolve, hold.CreditHoldNotFound)
PAYER_BADGE: Folder[badge.PayerBadge] = Folder(badge.PayerBadge, badge.evolve)
CREDIT_POLICY: Folder[policy.CreditPolicy] = Folder(
    policy.CreditPolicy, policy.evolve, policy.CreditPolicyNotFound
)

ENTITY: Folder[bool] = Folder(bool, policy.registered, policy.RiskEntityNotFound)


async def place_hold(session: Session, command: hold.PlaceCreditHold) -> Result:
    """Hold the orders of a customer."""
    customer = await unmerged(session, command.customer_id)
    state = await session.load(CREDIT_HOLD, command.credit_hold_id)
    for event in hold.place(state, command, session.today):
        session.emit(command.credit_hold_id, event, entity=customer.entity_id)
    return session.result(command.credit_hold_id)


async def release_hold(session: Session, command: hold.ReleaseCreditHold) -> Result:
    """End a hold."""
    state = await session.get(CREDIT_HOLD, command.credit_hold_id)
    for event in hold.release(state, command):
        session.emit(command.credit_hold_id, event, entity=state.entity_id)
    return session.result(command.credit_hold_id)


async def give_badge(session: Session, command: badge.GiveBadge) -> Result:
    """Mark a customer as a bad payer."""
    customer = await unmerged(session, command.customer_id)
    stream = badge.badge_of(command.customer_id)
    for event in badge.give(await session.load(PAYER_BADGE, stream), command):
        session.emit(stream, event, entity=customer.entity_id)
    return session.result(stream)


async def remove_badge(session: Session, command: badge.RemoveBadge) -> Result:
    """Take the mark of a bad payer away. That of a merged record counts for the debtor, so it is removed too."""
    customer = await session.get(CUSTOMER, command.customer_id)
    stream = badge.badge_of(command.customer_id)
    for event in badge.remove(await session.load(PAYER_BADGE, stream), command):
        session.emit(stream, event, entity=customer.entity_id)
    return session.result(stream)


async def set_policy(session: Session, command: policy.SetCreditPolicy) -> Result:
    """Set the credit policy of an entity."""
    await session.get(ENTITY, command.entity_id)
    stream = policy.policy_of(command.entity_id)
    for event in policy.set_policy(await session.load(CREDIT_POLICY, stream), command):
        session.emit(stream, event, entity=command.entity_id)
    return session.result(stream)


async def authority_for(
    session: Session, entity_id: str, amount_minor: int, currency: str, *, asked_by: str | None
) -> policy.Authority:
    """Return the authority by which the caller decides on an amount; raises as :func:`policy.authority`."""
    state = await session.load(CREDIT_POLICY, policy.policy_of(entity_id))
    return policy.authority(
        state, amount_minor, currency, actor=session.meta.actor, asked_by=asked_by, day=session.today
    )
