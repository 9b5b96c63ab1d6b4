"""Rows of ``credit`` for the reviews of customers: days of reported figures, postponements."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts import Recorded
from encours.contracts.events.limit_formula import CreditReviewPostponed, FinancialsFiled
from encours.projection.rows import Row


class FinancialsRow(Row, kw_only=True):
    """Reported figures of a customer by the day of the balance sheet, never changed again."""

    TABLE: ClassVar[str] = "financials"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    customer_id: str
    position: int
    effective_on: date
    closed_on: date

    @classmethod
    def of(cls, e: Recorded, data: FinancialsFiled) -> FinancialsRow:
        """Return the row of an event."""
        return cls(
            customer_id=data.customer_id,
            position=e.position,
            effective_on=e.effective_on,
            closed_on=data.closed_on,
        )


class PostponedReviewRow(Row, kw_only=True):
    """Postponement of a customer's review, never changed again; the last one counts."""

    TABLE: ClassVar[str] = "postponed_review"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    customer_id: str
    position: int
    effective_on: date
    until: date

    @classmethod
    def of(cls, e: Recorded, data: CreditReviewPostponed) -> PostponedReviewRow:
        """Return the row of an event."""
        return cls(
            customer_id=data.customer_id, position=e.position, effective_on=e.effective_on, until=data.until
        )
