"""Answers about replies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from dunning_svc.domain.reply.state import REPLY, Judged, Reply, ReplyStatus
from dunning_svc.read_models.cases.fold.replies import judged_of
from encours.contracts import decode
from encours.contracts.events.dunning.replies import (
    FindingKind,
    MatchedBy,
    ReplyFinding,
    ReplyKind,
    ReplyRead,
    ReplySource,
)
from encours.http.answers import Answer
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf


class ReplyFindingOut(BaseModel):
    """Statement that was found in a reply."""

    number: int
    kind: FindingKind
    sentence: str
    start: int = Field(description="Place of the sentence in the text of the message, in characters.")
    end: int
    confidence: int = Field(description="In percent.")
    on: date | None = Field(description="Day of the payment.")
    subject: str | None = Field(description="Subject of a dispute.")
    invoice_ids: list[str]
    amount: MoneyModel | None = Field(description="Amount that the reminder asked for on these invoices.")
    status: Literal["booked", "open", "noted", "confirmed", "rejected"] = Field(
        description="`booked`: took effect by itself. `open`: a person decides. `noted`: too doubtful to ask."
    )

    @classmethod
    def of(
        cls, number: int, finding: ReplyFinding, currency: str | None, judged: Judged | None
    ) -> ReplyFindingOut:
        """Return a finding with the decision of a person, if there is one."""
        return cls(
            number=number,
            kind=finding.kind,
            sentence=finding.sentence,
            start=finding.start,
            end=finding.end,
            confidence=finding.confidence,
            on=finding.on,
            subject=finding.subject,
            invoice_ids=list(finding.invoice_ids),
            amount=MoneyModel.of(finding.amount_minor, currency) if currency else None,
            status=judged or finding.status,
        )


class ReplyOut(BaseModel):
    """An incoming message and what was found in it."""

    id: str
    kind: ReplyKind
    status: ReplyStatus = Field(description="`open` while a person has to decide.")
    source: ReplySource
    message_id: str | None
    sender: str | None
    subject: str | None
    written_on: date
    content_sha256: str
    size_bytes: int
    entity_id: str | None
    customer_id: str | None = Field(description="Null if no customer could be found.")
    reminder_id: str | None
    matched_by: MatchedBy | None
    findings: list[ReplyFindingOut]

    @classmethod
    def of(cls, state: Reply) -> ReplyOut:
        """Return a reply that was read."""
        assert state.read is not None
        return cls.shown(state.read, state.entity_id, state.judged, state.status)

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> ReplyOut:
        """Return a row of the list."""
        event = decode(ReplyRead.TYPE, ReplyRead.VERSION, row["document"].encode())
        assert isinstance(event, ReplyRead)
        return cls.shown(event, row["entity_id"], judged_of(row["judged"]), row["status"])

    @classmethod
    def shown(
        cls, event: ReplyRead, entity_id: str, judged: Mapping[int, Judged], status: ReplyStatus
    ) -> ReplyOut:
        """Return the message with the decisions of persons on its findings."""
        return cls(
            id=event.reply_id,
            kind=event.kind,
            status=status,
            source=event.source,
            message_id=event.message_id,
            sender=event.sender,
            subject=event.subject,
            written_on=event.written_on,
            content_sha256=event.content_sha256,
            size_bytes=event.size_bytes,
            entity_id=entity_id or None,
            customer_id=event.customer_id,
            reminder_id=event.reminder_id,
            matched_by=event.matched_by,
            findings=[
                ReplyFindingOut.of(number, finding, event.currency, judged.get(number))
                for number, finding in enumerate(event.findings, 1)
            ],
        )


class ReplyList(Listing[ReplyOut], AsOf):
    """Incoming messages, newest first."""


class ReplyAsOf(ReplyOut, AsOf):
    """An incoming message at the requested dates."""


REPLY_ANSWER = Answer(REPLY, lambda state, *_: ReplyOut.of(state))
