"""Tables of the list of disputes."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class DisputeRow(Row, kw_only=True):
    """A dispute, open until ``resolved_position`` (known) and ``resolved_on`` (business date).

    ``answer_by`` and ``alert_on`` are the last ones; ``near_for`` and ``missed_for`` the deadlines of which was told.
    """

    TABLE: ClassVar[str] = "dispute"
    KEY: ClassVar[tuple[str, ...]] = ("dispute_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, dispute_id)",
        "(invoice_id, dispute_id)",
        "(alert_on) where resolved_position is null",
    )
    dispute_id: str
    entity_id: str
    customer_id: str
    invoice_id: str
    kind: str
    category: str
    code: str | None
    currency: str
    opened_on: date
    from_position: int
    resolved_on: date | None = None
    resolved_position: int | None = None
    answer_by: date | None
    alert_on: date | None
    near_for: date | None = None
    missed_for: date | None = None


class DisputeTermRow(Row):
    """Owner and deadline of a dispute from an event on."""

    TABLE: ClassVar[str] = "dispute_term"
    KEY: ClassVar[tuple[str, ...]] = ("dispute_id", "position")
    dispute_id: str
    position: int
    effective_on: date
    owner: str | None
    answer_by: date | None
    alert_on: date | None


class DisputeAmountRow(Row):
    """An amount that was contested (``claimed``) or got an outcome by an event; never changed again."""

    TABLE: ClassVar[str] = "dispute_amount"
    KEY: ClassVar[tuple[str, ...]] = ("dispute_id", "position", "entry")
    dispute_id: str
    position: int
    entry: int
    effective_on: date
    kind: str
    amount_minor: int
