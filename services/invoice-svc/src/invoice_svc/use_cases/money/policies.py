"""Commands on the policy of allocation, and the order of the law for a payment by the policy in force."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.legal.packs import law_of
from invoice_svc.domain.allocation_policy.policy import SetAllocationPolicy, policies_id, set_policy
from invoice_svc.domain.customer.decide import require_customer_of
from invoice_svc.domain.payment.legal_order import LegalOrder
from invoice_svc.domain.payment.state import Payment
from invoice_svc.use_cases.folds import ALLOCATION_POLICIES, ENTITY
from invoice_svc.use_cases.parties.debtors import survivor, unmerged


async def set_allocation_policy(session: Session, command: SetAllocationPolicy) -> Result:
    """Set the policy of an entity, or of one of its customers, from a day on."""
    await session.get(ENTITY, command.entity_id)
    if command.customer_id is not None:
        require_customer_of(await unmerged(session, command.customer_id), command.entity_id)
    stream = policies_id(command.entity_id)
    state = await session.load(ALLOCATION_POLICIES, stream)
    for event in set_policy(state, command, session.today):
        session.emit(stream, event, entity=command.entity_id)
    return session.result(stream)


async def legal_order(session: Session, payment: Payment) -> LegalOrder:
    """Return the order of the law for a payment: by the policy of its payer on the day of its funds."""
    policies = await session.load(ALLOCATION_POLICIES, policies_id(payment.entity_id), guard=False)
    entity = await session.get(ENTITY, payment.entity_id)
    payers = []
    if payment.customer_id is not None and policies.known:
        payer = await survivor(session, payment.customer_id, session.today, guard=False)
        payers = list(dict.fromkeys([payer.customer_id, payment.customer_id]))
    policy = policies.on(payers, payment.received_on)
    return LegalOrder(payment.received_on, policy, law_of(entity.country))
