"""Thank-yous for paid invoices in the read model `cases`."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class ThanksRow(Row, kw_only=True):
    """A thank-you with at most one outcome; ``document`` is the payload of its decision."""

    TABLE: ClassVar[str] = "thanks"
    KEY: ClassVar[tuple[str, ...]] = ("thanks_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(position)",
        "(customer_id, position)",
        "(position) where status = 'requested'",
    )

    thanks_id: str
    customer_id: str
    entity_id: str
    day: date
    position: int
    document: str
    status: str = "requested"
    cause: str | None = None
    because: str = ""
    """Positions of the events after the decision for which it did not leave."""
    message_id: str | None = None
    evidence: str | None = None
    outcome_position: int | None = None
    outcome_on: date | None = None


class ThankedRow(Row, kw_only=True):
    """A settlement of an invoice that was thanked for, by its position; ``suppressed``: that message did not leave."""

    TABLE: ClassVar[str] = "thanked"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "settled_at")

    invoice_id: str
    settled_at: int
    suppressed: bool = False
