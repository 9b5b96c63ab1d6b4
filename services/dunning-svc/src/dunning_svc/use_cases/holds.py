"""Commands on holds."""

from __future__ import annotations

from dunning_svc.domain.hold.commands import PlaceHold
from dunning_svc.domain.hold.decide import place
from dunning_svc.domain.hold.state import DEBTOR, HOLD, DebtorMerged, hold_stream
from encours.ledger.command import Result
from encours.ledger.merges import survivor
from encours.ledger.session import Session


async def place_hold(session: Session, command: PlaceHold) -> Result:
    """Suspend the dunning of a customer."""
    debtor = await session.get(DEBTOR, command.customer_id)
    survivor_id, _ = await survivor(session, DEBTOR, command.customer_id, session.today)
    if survivor_id != command.customer_id:
        raise DebtorMerged(command.customer_id, survivor_id)
    stream = hold_stream(command.customer_id)
    for event in place(await session.load(HOLD, stream), session.today, command):
        session.emit(stream, event, entity=debtor.entity_id)
    return session.result(stream)
