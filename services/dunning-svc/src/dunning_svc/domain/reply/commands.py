"""Commands on replies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dunning_svc.domain.reply.mail import Mail
from encours.contracts.events.dunning.replies import ReplySource


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """Bounds of what a reply may book by itself.

    ``book_from``, ``ask_from``: confidence in percent from which a finding takes effect, and from which a person is
    asked. ``promise_days_max``: longest time to a promised day without a doubt about it.
    """

    book_from: int = 80
    ask_from: int = 30
    promise_days_max: int = 60


@dataclass(frozen=True, slots=True)
class ReadMail:
    """Read a stored message."""

    reply_id: str
    source: ReplySource
    mail: Mail
    rules: ReadingRules


@dataclass(frozen=True, slots=True)
class ConfirmFinding:
    """A person confirms a finding; ``on`` replaces its day."""

    reply_id: str
    finding: int
    on: date | None
    note: str | None


@dataclass(frozen=True, slots=True)
class RejectFinding:
    """A person rejects a finding, or closes the message without one."""

    reply_id: str
    finding: int | None
    note: str | None
