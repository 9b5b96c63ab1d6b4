"""An incoming message as it was parsed: headers, text, and the reports of mail servers and mail programs in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from encours.contracts.events.dunning.replies import MatchedBy, ReplyKind

Action = Literal["failed", "delayed", "delivered", "displayed"]


class DeliveryReport(NamedTuple):
    """Report about one recipient (RFC 3464), or about the display of the message (RFC 8098)."""

    action: Action
    recipient: str | None
    """Address as it was written to, else as the server resolved it."""
    status: str | None = None
    """Status code by RFC 3463."""
    diagnostic: str | None = None


class CitedReminder(NamedTuple):
    """A reminder that the message names, and the place where it does."""

    reminder_id: str
    by: MatchedBy


@dataclass(frozen=True, slots=True)
class Mail:
    """A parsed message. ``text`` is the plain text, or that of the HTML part without its marks."""

    kind: ReplyKind
    content_sha256: str
    size_bytes: int
    message_id: str | None = None
    sender: str | None = None
    subject: str | None = None
    written_on: date | None = None
    text: str = ""
    cited: tuple[CitedReminder, ...] = ()
    """The likeliest first."""
    reports: tuple[DeliveryReport, ...] = ()
