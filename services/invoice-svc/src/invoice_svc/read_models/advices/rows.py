"""Tables of the list of remittance advices."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class AdviceRow(Row, kw_only=True):
    """Content of an advice from an event on; one that was withdrawn may be sent again with another."""

    TABLE: ClassVar[str] = "advice"
    KEY: ClassVar[tuple[str, ...]] = ("advice_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(entity_id, currency, total_minor)",
        "(customer_id, advice_id)",
        "(announced_on, advice_id)",
        "(position)",
    )
    advice_id: str
    position: int
    entity_id: str
    customer_id: str | None
    reference: str | None
    currency: str
    total_minor: int
    announced_on: date
    expires_on: date


class AdviceStatusRow(Row, kw_only=True):
    """Status of an advice from an event on."""

    TABLE: ClassVar[str] = "advice_status"
    KEY: ClassVar[tuple[str, ...]] = ("advice_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("(payment_id)",)
    advice_id: str
    position: int
    effective_on: date
    status: str
    payment_id: str | None = None
