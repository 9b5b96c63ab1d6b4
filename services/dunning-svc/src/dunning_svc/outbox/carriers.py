"""Ways in which a message leaves: the mail server, a file to print, the gateway.

They are the only door: no other module sends, and nothing of the copy of a ledger passes (:data:`KEPT`).
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from pathlib import Path

import structlog

from dunning_svc.domain.message.render import Message
from dunning_svc.outbox.answer_links import AnswerLinks
from dunning_svc.outbox.gateway import CHANNELS, Gateway, GatewayOrder
from dunning_svc.outbox.letters import evidence_of, letter_path, letter_pdf, write_once
from dunning_svc.outbox.orders import order
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.runs import OutgoingReminder
from encours.contracts.events.dunning.reminders import Channel
from encours.contracts.recipients import recipient
from encours.ledger.model import LedgerInfo
from encours.mail.attempts import Claim
from encours.mail.door import KEPT, MailDoor
from encours.mail.mime import email_bytes, message_id
from encours.mail.notices import DOWN_PAUSE_S
from encours.mail.senders import Senders
from encours.mail.smtp import Handed, Mailer

_BY_GATEWAY = "gateway:"

log = structlog.get_logger()


class Carriers:
    """Carriers of one process, by channel."""

    def __init__(
        self,
        mailer: Mailer,
        senders: Senders,
        letters: Path,
        gateway: Gateway | None = None,
        links: AnswerLinks | None = None,
    ) -> None:
        self._door = MailDoor(mailer, senders)
        self._letters = letters
        self._gateway = gateway
        self._links = links
        self._gateway_down_until = 0.0

    def stop(self) -> None:
        """Start no further message."""
        self._door.stop()

    async def close(self) -> None:
        """Close the connections."""
        await self._door.close()
        if self._gateway is not None:
            await self._gateway.close()

    def is_down(self, channel: Channel) -> bool:
        """Return True for some seconds after the channel's server was unreachable."""
        return self._door.is_down() if channel == "email" else time.monotonic() < self._gateway_down_until

    def rest(self, channel: Channel, reason: str) -> None:
        """Give the channel's server some seconds: it is unreachable."""
        if channel == "email":
            self._door.rest(channel, reason)
            return
        log.warning("gateway.unreachable", reason=reason)
        self._gateway_down_until = time.monotonic() + DOWN_PAUSE_S

    def identity(self, info: LedgerInfo, outgoing: OutgoingReminder) -> str:
        """Return the identity of the message for its attempt, which says whether the gateway carries it."""
        reminder = outgoing.event
        if self._by_gateway(info, reminder.channel) is not None:
            return f"{_BY_GATEWAY}{reminder.reminder_id}"
        return message_id(info.name, reminder.reminder_id)

    async def carry(
        self, info: LedgerInfo, outgoing: OutgoingReminder, message: Message, claim: Claim
    ) -> Handed:
        """Hand a message over in the way that its claim names. Raises ``ValueError`` for one that cannot be made.

        Nothing leaves the copy of a ledger, whatever its channel: the ladder goes on as if the message had been sent.
        """
        if info.copy_of is not None:
            return KEPT
        channel = outgoing.event.channel
        gateway = self._by_gateway(info, channel)
        if gateway is not None and was_by_gateway(claim.message_id):
            made = await asyncio.to_thread(order, info.name, outgoing, message)
            handed = await gateway.send(made)
            return await gateway.ask(made) if handed.verdict == "unknown" else handed
        if channel == "email":
            if self._links is not None:
                message = self._links.added(message, info.name, outgoing.event)
            return await self.mail(
                info,
                outgoing.event.reminder_id,
                outgoing.customer,
                outgoing.creditor,
                message,
                claim.first_at,
                outgoing.thread,
            )
        if channel in ("letter", "registered_letter"):
            return await self._letter(info.name, outgoing, message)
        return Handed("refused", f"no gateway carries {channel} for this ledger")

    def has_not_left(self, info: LedgerInfo, outgoing: OutgoingReminder, identity: str) -> bool:
        """Return True for an interrupted attempt that cannot have had an effect: a letter whose file is not there."""
        path = letter_path(self._letters, info.name, outgoing.event.reminder_id)
        printed = outgoing.event.channel in ("letter", "registered_letter") and not was_by_gateway(identity)
        return printed and not path.exists()

    async def ask(self, info: LedgerInfo, outgoing: OutgoingReminder, message: Message) -> Handed:
        """Ask the gateway about an order that it may have taken."""
        if info.copy_of is not None:
            return KEPT
        gateway = self._by_gateway(info, outgoing.event.channel)
        if gateway is None:
            return Handed("unknown", "the gateway is no longer configured")
        return await gateway.ask(await asyncio.to_thread(order, info.name, outgoing, message))

    def _by_gateway(self, info: LedgerInfo, channel: Channel) -> Gateway | None:
        gateway = self._gateway if channel in CHANNELS and info.copy_of is None else None
        if gateway is None or (info.kind == "sandbox" and not gateway.is_for_sandboxes):
            return None
        return gateway

    async def mail(
        self,
        info: LedgerInfo,
        key: str,
        customer: DebtorRow,
        creditor: CreditorRow,
        message: Message,
        written_at: datetime,
        thread: str | None = None,
    ) -> Handed:
        """Send an e-mail to the contact of a customer for reminders; ``key``: id of what it is for.

        None leaves the copy of a ledger.
        """
        if (refused := self._door.refusal(info)) is not None:
            return refused
        to = recipient(customer, "dunning")
        if not to.email:
            return Handed("refused", "the customer's e-mail address was removed")
        content = email_bytes(
            message,
            identity=message_id(info.name, key),
            written_at=written_at,
            sender=self._door.senders.of(creditor),
            to_name=to.name,
            to=to.email,
            thread=thread,
        )
        return await self._door.mailer.send(
            to.email, content, sender=self._door.senders.envelope(key), key=key
        )

    async def mail_to(
        self, info: LedgerInfo, key: str, address: str, message: Message, written_at: datetime
    ) -> Handed:
        """Send an e-mail to a person at the creditor, from the address of the installation."""
        return await self._door.tell(info, key, address, message, written_at)

    async def order(self, info: LedgerInfo, made: GatewayOrder) -> Handed:
        """Hand an order for a webhook to the gateway, which is asked about one that it may have taken."""
        if info.copy_of is not None:
            return KEPT
        gateway = self._by_gateway(info, "webhook")
        if gateway is None:
            return Handed("refused", "no gateway carries webhooks for this ledger")
        handed = await gateway.send(made)
        return await gateway.ask(made) if handed.verdict == "unknown" else handed

    async def _letter(self, ledger: str, outgoing: OutgoingReminder, message: Message) -> Handed:
        """Write the letter, unless it was before."""
        content = await asyncio.to_thread(
            letter_pdf, message, outgoing.event, outgoing.customer, outgoing.creditor
        )
        path = letter_path(self._letters, ledger, outgoing.event.reminder_id)
        try:
            evidence = await asyncio.to_thread(write_once, path, content)
        except OSError as error:
            return Handed("deferred", f"{error.strerror}: {path.parent}")
        return Handed("accepted", evidence, is_this=evidence == evidence_of(path, content))


def was_by_gateway(identity: str) -> bool:
    """Return True for the identity of a message that was handed to the gateway."""
    return identity.startswith(_BY_GATEWAY)
