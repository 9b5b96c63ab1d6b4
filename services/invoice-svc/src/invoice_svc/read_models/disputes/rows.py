"""Table of the list of disputes."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class DisputeRow(Row, kw_only=True):
    """A dispute, open until ``resolved_position`` (known) and ``resolved_on`` (business date)."""

    TABLE: ClassVar[str] = "dispute"
    KEY: ClassVar[tuple[str, ...]] = ("dispute_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, dispute_id)", "(invoice_id, dispute_id)")
    dispute_id: str
    entity_id: str
    customer_id: str
    invoice_id: str
    opened_on: date
    from_position: int
    resolved_on: date | None = None
    resolved_position: int | None = None
