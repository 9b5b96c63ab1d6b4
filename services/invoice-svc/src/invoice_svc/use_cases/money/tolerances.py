"""Command on a tolerance. It is kept in the entity's stream, which every allocation reads."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.refusals import CustomerOfOtherEntity
from invoice_svc.domain.tolerance import decide
from invoice_svc.domain.tolerance.commands import SetTolerance
from invoice_svc.use_cases.folds import ENTITY
from invoice_svc.use_cases.parties.debtors import unmerged


class ToleranceIsSet(Result, frozen=True, kw_only=True):
    """Result of a setting; ``id`` is that of the entity."""

    code: str


async def set_tolerance(session: Session, command: SetTolerance) -> ToleranceIsSet:
    """Set a tolerance from a day on. Residuals that are closed already keep the version that allowed them."""
    state = await session.get(ENTITY, command.entity_id)
    if command.customer_id is not None:
        customer = await unmerged(session, command.customer_id)
        if customer.entity_id != command.entity_id:
            raise CustomerOfOtherEntity(
                f"{command.customer_id} is a customer of {customer.entity_id}, not of {command.entity_id}.",
                "/customer_id",
            )
    for event in decide.set_tolerance(state, command):
        session.emit(command.entity_id, event, entity=command.entity_id)
    return ToleranceIsSet(id=command.entity_id, as_of=session.today, code=command.code)
