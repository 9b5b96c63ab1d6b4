"""Command of a debtor who answers through a link."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec

from dunning_svc.domain.answer.link import AnswerLink
from dunning_svc.domain.reply.commands import ReadingRules
from dunning_svc.domain.reply.patterns import DisputeSubject
from encours.kernel.ids import derived_id

AnswerKind = Literal["promise", "paid", "dispute", "contact"]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """Answer of a debtor. ``on``: day of the payment. ``subject``: of a dispute."""

    kind: AnswerKind
    text: str
    on: date | None = None
    subject: DisputeSubject | None = None

    @property
    def content(self) -> bytes:
        """Canonical bytes of the answer."""
        return msgspec.json.encode([self.kind, self.text, self.on, self.subject])


@dataclass(frozen=True, slots=True)
class AnswerByLink:
    """An answer, the link that it came through, and the bounds of what it may book."""

    link: AnswerLink
    answer: GivenAnswer
    rules: ReadingRules

    @property
    def reply_id(self) -> str:
        """Stream of the answer: the same answer through the same link is one."""
        link, digest = self.link, hashlib.sha256(self.answer.content).hexdigest()
        return derived_id("rpl", "link", link.ledger, link.reminder_id, link.invoice_id, digest)
