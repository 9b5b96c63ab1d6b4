"""Answers about reminders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from msgspec import json
from pydantic import BaseModel, Field

from dunning_svc.http.items import DEBTORS, HoursOut, ItemOut
from dunning_svc.use_cases.messages import Rewritten
from encours.contracts.events.dunning.reminders import DunnedItem, MessageProof, SendingHours
from encours.contracts.events.dunning.replies import CarriedState
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf

ReminderStatus = Literal[
    "proposed",
    "requested",
    "sent",
    "deposited",
    "first_presented",
    "delivered",
    "accepted",
    "read",
    "answered",
    "refused",
    "returned",
    "bounced",
    "failed",
    "suppressed",
    "unconfirmed",
]
SignKind = Literal["delayed", "bounced", "delivered", "read", "answered"] | CarriedState


class SignOut(BaseModel):
    """Message, or event of the gateway, that came back about a reminder."""

    kind: SignKind
    on: date = Field(description="Day on which it was recorded.")
    reply_id: str | None = Field(description="Null for an event of the gateway.")
    content_sha256: str = Field(
        description="Of the message, `GET /v1/replies/{id}/message`, or of the event."
    )

    @classmethod
    def of(cls, entry: str) -> SignOut:
        """Return an entry of the row."""
        kind, _, on, digest, reply_id = entry.split(" ")
        reply = None if reply_id == "-" else reply_id
        return cls.model_validate({"kind": kind, "on": on, "reply_id": reply, "content_sha256": digest})


class ReminderOut(BaseModel):
    """A reminder, sent or suppressed, and its outcome."""

    id: str
    decision_id: str
    customer_id: str
    entity_id: str
    day: date
    channel: str
    step: str
    template: str | None
    language: str | None
    amount: MoneyModel = Field(description="Amount claimed, unapplied payments deducted.")
    credit: MoneyModel = Field(description="Unapplied payments deducted.")
    invoice_ids: list[str]
    debtor_ids: list[str] = Field(description=DEBTORS)
    status: ReminderStatus = Field(
        description="`proposed`: it waits for an approval. `sent`: the mail server took it. It was delivered, read or "
        "answered only if the status says so."
    )
    signs: list[SignOut] = Field(description="Bounces, receipts and answers, oldest first.")
    cause: str | None = Field(description="Cause of the suppression.")
    reason: str | None = Field(description="Reason of the person who declined it.")
    approver: str | None = Field(description="Role that has to approve it; null if it needs no approval.")
    approved_on: date | None
    because: list[int] = Field(
        description="Positions of the events after the decision for which the message did not leave."
    )
    message_id: str | None
    evidence: str | None = Field(description="The mail server's reply, or the digest of the letter.")
    hours: HoursOut | None = Field(description="Hours in which it may leave; null for any time.")
    requested_position: int
    outcome_on: date | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ReminderOut:
        """Return a row of the list."""
        return cls(**_fields(row))


class MessageProofOut(BaseModel):
    """Template and hashes of a message that was sent."""

    template: str = Field(description="Code of the text that was used.")
    language: str
    entity_id: str | None = Field(description="Creditor whose own template it was.")
    version: int = Field(description="Version of the template; 0 for a shipped one.")
    source_hash: str = Field(description="Hash of the template's subject and text.")
    snapshot_hash: str = Field(description="Hash of all values that the message was made of.")
    content_hash: str = Field(description="Hash of subject, plain text and HTML.")
    position: int = Field(
        description="Ledger position up to which customer, creditor and template were read."
    )

    @classmethod
    def of(cls, proof: MessageProof) -> MessageProofOut:
        """Return the proof of an event."""
        return cls(
            template=proof.template_code,
            language=proof.template_language,
            entity_id=proof.template_creditor_id,
            version=proof.template_version,
            source_hash=proof.source_hash,
            snapshot_hash=proof.snapshot_hash,
            content_hash=proof.content_hash,
            position=proof.position,
        )


class MessageOut(BaseModel):
    """Message of a reminder, written again from the ledger."""

    subject: str
    text: str
    html: str
    agrees: bool = Field(description="True if it is, byte by byte, the message that was sent.")
    differences: list[Literal["template", "values", "message"]] = Field(
        description="Hashes that differ. `template`: a shipped text has changed since. `values`: the ledger gives "
        "other values. `message` alone: this release writes it in another way."
    )
    sent: MessageProofOut

    @classmethod
    def of(cls, again: Rewritten) -> MessageOut:
        """Return a message that was written again."""
        return cls(
            subject=again.message.subject,
            text=again.message.text,
            html=again.message.html,
            agrees=not again.differences,
            differences=list(again.differences),
            sent=MessageProofOut.of(again.stored),
        )


class ReminderList(Listing[ReminderOut], AsOf):
    """Reminders, newest first."""


class ReminderAsOf(ReminderOut, AsOf):
    """A reminder with its items, at the requested dates."""

    items: list[ItemOut]
    message: MessageProofOut | None = Field(description="Null unless it was sent.")

    @classmethod
    def with_items(
        cls,
        row: Mapping[str, Any],
        items: tuple[DunnedItem, ...],
        proof: MessageProof | None,
        echo: dict[str, Any],
    ) -> ReminderAsOf:
        """Return a row with the items of its decision; ``echo`` holds the dates of the question."""
        return cls(
            **_fields(row),
            items=[ItemOut.of(item, row["currency"]) for item in items],
            message=None if proof is None else MessageProofOut.of(proof),
            **echo,
        )


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    currency = row["currency"]
    return {
        "id": row["reminder_id"],
        "decision_id": row["decision_id"],
        "customer_id": row["customer_id"],
        "entity_id": row["entity_id"],
        "day": row["day"],
        "channel": row["channel"],
        "step": row["step"],
        "template": row["template"] or None,
        "language": row["language"] or None,
        "amount": MoneyModel.of(row["amount_minor"], currency),
        "credit": MoneyModel.of(row["credit_minor"], currency),
        "invoice_ids": row["invoice_ids"],
        "debtor_ids": row["debtor_ids"],
        "status": row["status"],
        "signs": [SignOut.of(entry) for entry in row["signs"]],
        "cause": row["cause"],
        "reason": row["text"],
        "approver": row["approver"],
        "approved_on": row["approved_on"],
        "because": [int(position) for position in row["because"].split()],
        "message_id": row["message_id"],
        "evidence": row["evidence"],
        "hours": HoursOut.of(json.decode(row["hours"], type=SendingHours)) if row["hours"] else None,
        "requested_position": row["position"],
        "outcome_on": row["outcome_on"],
    }
