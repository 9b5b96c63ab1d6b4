"""Commands on holds."""

from __future__ import annotations

from dunning_svc.domain.hold.commands import PlaceHold
from dunning_svc.domain.hold.decide import place
from dunning_svc.domain.hold.state import DEBTOR, HOLD, hold_stream
from encours.kernel.errors import NotFound
from encours.ledger.session import Session


async def place_hold(session: Session, cmd: PlaceHold) -> None:
    """Let dunning of a customer rest. Raises 404 for an unknown customer."""
    debtor = await session.load(DEBTOR, cmd.customer_id, guard=False)
    if not debtor.entity_id:
        raise NotFound("customer", cmd.customer_id)
    stream = hold_stream(cmd.customer_id)
    for event in place(await session.load(HOLD, stream), session.meta.today, cmd):
        session.emit(stream, event, entity=debtor.entity_id)
    session.answer(customer_id=cmd.customer_id, entity_id=debtor.entity_id)
