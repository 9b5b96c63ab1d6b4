"""Senders of messages: the creditor's identity in the headers, and the address in the envelope that bounces go to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from encours.kernel.email import is_address

BOUNCE_MARK = "+"
"""Between the local part of the bounce address and the reminder's id (RFC 5233, subaddress)."""


class SendingCreditor(Protocol):
    """Creditor in whose name a message is sent."""

    @property
    def name(self) -> str:
        """Name."""

    @property
    def email(self) -> str | None:
        """Address of its own."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Sender in the headers of a message."""

    name: str
    address: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Senders:
    """Addresses of this installation. ``reply_to`` is the mailbox that is read, ``bounce_to`` the one for bounces."""

    mail_from: str
    reply_to: str = ""
    bounce_to: str = ""

    def of(self, creditor: SendingCreditor) -> Sender:
        """Return the creditor as the sender.

        Its own address is used in ``From`` only within the domain that the mail server sends for: from another one the
        message would fail DMARC (RFC 7489 3.1). Else answers are directed to it.
        """
        own = creditor.email if creditor.email and is_address(creditor.email) else None
        if own and _domain(own) == _domain(self.mail_from):
            return Sender(creditor.name, own, self.reply_to or None)
        return Sender(creditor.name, self.mail_from, self.reply_to or own)

    @property
    def own(self) -> Sender:
        """The installation as the sender of what it tells the creditor's own people."""
        return Sender("Encours", self.mail_from, self.reply_to or None)

    def envelope(self, reminder_id: str) -> str:
        """Return the envelope sender: the bounce address with the reminder's id, so that a bounce names it."""
        if not self.bounce_to:
            return self.mail_from
        local, _, domain = self.bounce_to.rpartition("@")
        return f"{local}{BOUNCE_MARK}{reminder_id}@{domain}"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
