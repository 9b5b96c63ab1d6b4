"""Commands on messages that a gateway carries."""

from __future__ import annotations

from dunning_svc.domain.gateway.commands import TrackMessage
from dunning_svc.domain.gateway.decide import track
from dunning_svc.domain.reminder.state import REMINDER
from dunning_svc.read_models.cases.past import folded
from dunning_svc.read_models.cases.query import ReminderNotFound
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from encours.contracts.events.dunning.reminders import ReminderRequested, ReminderSent
from encours.ledger import Ledger
from encours.ledger.command import Result
from encours.ledger.session import Session


class SentAddresses:
    """Addresses that messages of a ledger were sent to."""

    def __init__(self, ledger: Ledger, name: str) -> None:
        self._ledger = ledger
        self._name = name

    async def of(self, reminder_id: str) -> str | None:
        """Return the address, in one line, as it was when the message was written."""
        requested, *later = await self._ledger.read_stream(self._name, reminder_id)
        if not later or not isinstance(requested.data, ReminderRequested):
            return None
        outcome = later[0]
        proof = outcome.data.message if isinstance(outcome.data, ReminderSent) else None
        addressee = requested.data.addressee_id or requested.data.customer_id
        upto = proof.position if proof is not None else outcome.position
        events = await self._ledger.read_streams(self._name, [addressee], upto=upto)
        debtor = folded(events).get(DebtorRow, addressee)
        found = None
        if debtor is not None:
            found = debtor.phone if requested.data.channel == "sms" else debtor.address
        return found and " ".join(found.split())


async def track_message(session: Session, cmd: TrackMessage, addresses: SentAddresses) -> Result:
    """Record a state of a message, with its effects; no event if it is recorded already."""
    reminder = await session.load(REMINDER, cmd.reminder_id)
    if reminder.requested is None:
        raise ReminderNotFound(cmd.reminder_id)
    address = await session.ask(addresses.of, cmd.reminder_id) if cmd.state == "returned" else None
    for stream, event in track(reminder, cmd, address, session.today):
        session.emit(stream, event, entity=reminder.entity_id)
    return session.result(cmd.reminder_id)
