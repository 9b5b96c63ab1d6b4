"""Decisions, reminders with their outcomes, and runs of a day."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from msgspec import field

from encours.projection.rows import Row


class DecisionRow(Row, kw_only=True):
    """A stored decision; ``document`` is the payload of its event."""

    TABLE: ClassVar[str] = "decision"
    KEY: ClassVar[tuple[str, ...]] = ("decision_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, position)",)

    decision_id: str
    position: int
    type: str
    day: date
    day_event: str
    customer_id: str
    entity_id: str
    currency: str
    document: str


class ReminderRow(Row, kw_only=True):
    """A reminder with at most one outcome, and the position and date of the outcome."""

    TABLE: ClassVar[str] = "reminder"
    KEY: ClassVar[tuple[str, ...]] = ("reminder_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(position)",
        "(customer_id, position)",
        "(position) where status = 'requested'",
        "(position) where status = 'proposed'",
        "using gin (invoice_ids)",
        "using gin (debtor_ids)",
    )

    reminder_id: str
    decision_id: str
    customer_id: str
    entity_id: str
    day: date
    channel: str
    step: str
    template: str
    language: str
    currency: str
    amount_minor: int
    credit_minor: int
    invoice_ids: list[str]
    position: int
    status: str
    cause: str | None
    message_id: str | None
    evidence: str | None
    outcome_position: int | None
    outcome_on: date | None
    leaves_on: date
    """First day on which it may leave; the day of the decision unless it has to wait for its hours."""
    hours: str = ""
    """Hours in which it may leave, as JSON; empty for any time."""
    grouping: str = "customer"
    approver: str = ""
    """Role that has to approve it; empty for none. It is ``proposed`` until then, and ``approved_on`` a day."""
    approved_on: date | None = None
    approved_position: int | None = None
    text: str | None = None
    """Reason of the person who declined it."""
    because: str = ""
    """Positions of the events after the decision for which the message did not leave."""
    signs: list[str] = field(default_factory=list)
    """Bounces, receipts and answers, as ``<kind> <position> <day> <SHA-256 of the message> <reply>``."""
    bounced: bool = False
    """True if it came back for good: it has not reached the customer."""
    debtor_ids: list[str] = field(default_factory=list)
    """Customers whose cases were decided together; none for one case alone."""
    contact: str = ""
    """Key that the parts of one message to a payer share; empty for a message about one case alone."""


class RunRow(Row, kw_only=True):
    """The run of a day. It is open from the day's opening until its completion."""

    TABLE: ClassVar[str] = "run"
    KEY: ClassVar[tuple[str, ...]] = ("day",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(position)", "(position) where completed_position is null")

    day: date
    position: int
    day_event: str
    late: bool
    requested: int
    suppressed: int
    tasks: int
    pending: int
    completed_position: int | None
    completed_on: date | None
