"""Commands on a creditor's rules for disputes."""

from __future__ import annotations

from collections.abc import Sequence

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.customer.decide import require_customer_of
from invoice_svc.domain.dispute_rules import decide
from invoice_svc.domain.dispute_rules.commands import MapCode, SetCategory, rules_id
from invoice_svc.domain.dispute_rules.state import DisputeRulesEvent
from invoice_svc.use_cases.folds import DISPUTE_RULES, ENTITY
from invoice_svc.use_cases.parties.debtors import unmerged


async def map_code(session: Session, command: MapCode) -> Result:
    """Map a debtor's reason code to a category, for one customer of the entity or for all."""
    await session.get(ENTITY, command.entity_id)
    if command.customer_id is not None:
        require_customer_of(await unmerged(session, command.customer_id), command.entity_id)
    state = await session.load(DISPUTE_RULES, rules_id(command.entity_id))
    return _emit(session, command.entity_id, decide.map_code(state, command, session.today))


async def set_category(session: Session, command: SetCategory) -> Result:
    """Set owner and deadline of the disputes of a category."""
    await session.get(ENTITY, command.entity_id)
    state = await session.load(DISPUTE_RULES, rules_id(command.entity_id))
    return _emit(session, command.entity_id, decide.set_category(state, command, session.today))


def _emit(session: Session, entity_id: str, events: Sequence[DisputeRulesEvent]) -> Result:
    for event in events:
        session.emit(event.rules_id, event, entity=entity_id)
    return session.result(rules_id(entity_id))
