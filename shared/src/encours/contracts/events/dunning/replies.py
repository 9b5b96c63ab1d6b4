"""Returns about reminders: replies, bounces and receipts, and states from a gateway. Appended by dunning-svc.

Streams: the reply id, which is one per message, and the reminder id for bounces, receipts and states. dunning-svc keeps
the message itself under its SHA-256; the ledger has the sentences that a finding rests on.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.events.dunning.reminders import Channel

ReplySource = Literal["upload", "listener", "mailbox", "link"]
"""Way in which the message arrived: ``POST /v1/replies``, SMTP, a mailbox that is read, or a link in a reminder."""

ReplyKind = Literal["reply", "bounce", "receipt", "automatic", "unreadable"]
"""``receipt``: confirmation of delivery or of reading. ``automatic``: an answer that no person wrote, such as one of an
absence (RFC 3834). ``unreadable``: nothing could be made of the bytes, or of a mail server's message."""

MatchedBy = Literal["message_id", "bounce_address", "recipient", "sender", "link"]
"""Way in which the reminder or customer was found: a cited Message-ID, the address for bounces, the recipient that a
bounce names, the sender's address, or a link of its own."""

FindingKind = Literal["promise", "paid", "dispute", "copy", "contact"]
"""``copy``: the debtor asks for the invoice. ``contact``: another person or address is to be written to."""

FindingStatus = Literal["booked", "open", "noted"]
"""``booked``: took effect at once. ``open``: a person decides. ``noted``: too doubtful to ask a person."""

CarriedState = Literal["deposited", "first_presented", "accepted", "refused", "returned"]
"""``deposited``: the post or the network has it. ``first_presented``: brought to the addressee, who was absent or took
it later. ``accepted``: the addressee has it. ``refused``: the addressee did not take it. ``returned``: it went back."""

ReturnReason = Literal["unclaimed", "undeliverable"]
"""``unclaimed``: the addressee did not collect it. ``undeliverable``: there is no such addressee at the address."""


class ReplyFinding(Value, frozen=True, kw_only=True):
    """Statement that was found in a reply."""

    kind: FindingKind
    sentence: str
    start: int
    """Place of the sentence in the text of the message, in characters."""
    end: int
    confidence: int
    """In percent."""
    on: date | None
    """Day of the payment."""
    subject: str | None
    """Subject of a dispute."""
    invoice_ids: tuple[str, ...]
    amount_minor: int
    """Amount that the reminder asked for on these invoices."""
    status: FindingStatus


class ReplyRead(Event, frozen=True, kw_only=True):
    """A message arrived and was read."""

    TYPE: ClassVar[str] = "reply.read"
    reply_id: str
    message_id: str | None
    source: ReplySource
    kind: ReplyKind
    sender: str | None
    subject: str | None
    written_on: date
    content_sha256: str
    size_bytes: int
    customer_id: str | None
    """``None`` if no customer could be found: the message waits for a person."""
    reminder_id: str | None
    matched_by: MatchedBy | None
    currency: str | None
    """Currency of the reminder."""
    findings: tuple[ReplyFinding, ...]
    rules_version: int
    """Version of the rules that read it."""


class FindingConfirmed(Event, frozen=True, kw_only=True):
    """A person confirms a finding, as it was read or with another day."""

    TYPE: ClassVar[str] = "reply.finding_confirmed"
    reply_id: str
    customer_id: str | None
    finding: int
    """Place of the finding in the reply, from 1."""
    on: date | None
    note: str | None


class FindingRejected(Event, frozen=True, kw_only=True):
    """A person rejects a finding, because the debtor did not say so, or closes a message from which nothing follows."""

    TYPE: ClassVar[str] = "reply.finding_rejected"
    reply_id: str
    customer_id: str | None
    finding: int | None
    """``None``: the whole message."""
    note: str | None


class BouncedStep(Value, frozen=True, kw_only=True):
    """Step of an invoice that a message took, and that is open again if the message did not arrive."""

    invoice_id: str
    step: str


class ReminderBounced(Event, frozen=True, kw_only=True):
    """The message came back. For good: the address counts as undeliverable until it is changed."""

    TYPE: ClassVar[str] = "reminder.bounced"
    reminder_id: str
    customer_id: str
    addressee_id: str
    """Customer whose address it is."""
    address: str
    permanent: bool
    smtp_status: str | None
    """Status code by RFC 3463, such as ``5.1.1``."""
    diagnostic: str | None
    content_sha256: str
    reply_id: str
    steps: tuple[BouncedStep, ...]
    """Steps that are open again; none for a temporary failure."""


class ReminderDelivered(Event, frozen=True, kw_only=True):
    """A mail server confirms that it delivered the message to the mailbox (RFC 3464, action ``delivered``)."""

    TYPE: ClassVar[str] = "reminder.delivered"
    reminder_id: str
    customer_id: str
    address: str | None
    content_sha256: str
    reply_id: str


class ReminderReadByDebtor(Event, frozen=True, kw_only=True):
    """The recipient's mail program confirms that the message was displayed (RFC 8098)."""

    TYPE: ClassVar[str] = "reminder.read"
    reminder_id: str
    customer_id: str
    address: str | None
    content_sha256: str
    reply_id: str


class ReminderAnswered(Event, frozen=True, kw_only=True):
    """The debtor answered the message."""

    TYPE: ClassVar[str] = "reminder.answered"
    reminder_id: str
    customer_id: str
    content_sha256: str
    reply_id: str


class ReminderTracked(Event, frozen=True, kw_only=True):
    """The gateway tells a state of a message, each once."""

    TYPE: ClassVar[str] = "reminder.tracked"
    reminder_id: str
    customer_id: str
    addressee_id: str
    """Customer whose address it is."""
    channel: Channel
    state: CarriedState
    on: date
    """Day of the state at the carrier, such as that of the first presentation."""
    returned_for: ReturnReason | None
    address: str | None
    """Address that is undeliverable since, in one line; ``None`` otherwise."""
    carrier_reference: str | None
    """Number of the consignment."""
    detail: str | None
    gateway_event_id: str
    """Id of the signed event that the gateway sent (``webhook-id``)."""
    content_sha256: str
    """SHA-256 of its body."""
    steps: tuple[BouncedStep, ...]
    """Steps that are open again, as the message is undeliverable."""
