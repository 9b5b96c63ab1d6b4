"""Mail to the creditor's own people, through the one mail server. Nothing of the copy of a ledger leaves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import structlog

from encours.contracts.events.dunning.reminders import Channel
from encours.ledger.model import LedgerInfo
from encours.mail.mime import Attachment, MailText, email_bytes, message_id
from encours.mail.notices import DOWN_PAUSE_S
from encours.mail.senders import Senders
from encours.mail.smtp import Handed, Mailer

KEPT = Handed("accepted", "sandbox: the message was written and not handed over")
"""Result of a message in the copy of a ledger."""

log = structlog.get_logger()


class MailDoor:
    """The mail server of a process, and its rests while it is unreachable."""

    def __init__(self, mailer: Mailer, senders: Senders) -> None:
        self.mailer, self.senders = mailer, senders
        self._down_until = 0.0

    def stop(self) -> None:
        """Start no further message."""
        self.mailer.stop()

    async def close(self) -> None:
        """Close the connections."""
        await self.mailer.close()

    def is_down(self, _channel: Channel = "email") -> bool:
        """Return True for some seconds after the server was unreachable."""
        return time.monotonic() < self._down_until

    def rest(self, _channel: Channel, reason: str) -> None:
        """Give the server some seconds: it is unreachable."""
        log.warning("mail.unreachable", reason=reason)
        self._down_until = time.monotonic() + DOWN_PAUSE_S

    def refusal(self, info: LedgerInfo) -> Handed | None:
        """Return why no mail of this ledger leaves; None if it may."""
        if info.copy_of is not None:
            return KEPT
        if info.kind != "sandbox" or self.mailer.is_for_sandboxes:
            return None
        host = self.mailer.host
        return Handed("refused", f"a sandbox cannot send mail to {host}, only to the mailbox of this machine")

    async def tell(
        self,
        info: LedgerInfo,
        key: str,
        address: str,
        message: MailText,
        written_at: datetime,
        attachments: Sequence[Attachment] = (),
    ) -> Handed:
        """Send an e-mail to a person at the creditor, from the address of the installation.

        ``key``: id of what it is for. Raises ``ValueError`` for an address that is none.
        """
        if (refused := self.refusal(info)) is not None:
            return refused
        content = email_bytes(
            message,
            identity=message_id(info.name, key),
            written_at=written_at,
            sender=self.senders.own,
            to_name="",
            to=address,
            attachments=attachments,
        )
        return await self.mailer.send(address, content, sender=self.senders.envelope(key), key=key)
