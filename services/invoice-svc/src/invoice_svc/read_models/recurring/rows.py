"""Table of the list of recurring invoices."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class RecurringRow(Row, kw_only=True):
    """A recurring invoice with the periods that it has to bill, the next on ``next_on``."""

    TABLE: ClassVar[str] = "recurring"
    KEY: ClassVar[tuple[str, ...]] = ("recurring_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, recurring_id)",
        "(entity_id, recurring_id)",
        "(next_on) where next_on is not null",
    )
    recurring_id: str
    entity_id: str
    customer_id: str
    agreed_on: date
    from_position: int
    currency: str
    total_minor: int
    rule: str
    starts_on: date
    ends_on: date | None
    billed_until: date | None
    not_before: date | None
    paused_on: date | None
    next_on: date | None


class RecurringNextRow(Row):
    """The first period that is not billed, from an event on; null if there is none."""

    TABLE: ClassVar[str] = "recurring_next"
    KEY: ClassVar[tuple[str, ...]] = ("recurring_id", "position")
    recurring_id: str
    position: int
    effective_on: date
    next_on: date | None


class RecurringPeriodRow(Row):
    """A period with its invoice, which may be a draft."""

    TABLE: ClassVar[str] = "recurring_period"
    KEY: ClassVar[tuple[str, ...]] = ("recurring_id", "period")
    recurring_id: str
    period: date
    invoice_id: str
    total_minor: int
    billed_on: date
    billed_position: int
