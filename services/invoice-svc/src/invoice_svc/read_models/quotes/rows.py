"""Tables of the list of quotes."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class QuoteRow(Row, kw_only=True):
    """A quote. ``closed_on`` and ``closed_position`` are those of its acceptance or refusal.

    ``invoice_id`` and ``order_id`` are what the acceptance led to, and the total is that which was accepted.
    """

    TABLE: ClassVar[str] = "quote"
    KEY: ClassVar[tuple[str, ...]] = ("quote_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, quote_id)",
        "(entity_id, quote_id)",
        "(drafted_on, quote_id)",
        "(number_key)",
    )
    quote_id: str
    entity_id: str
    customer_id: str
    number_key: str
    drafted_on: date
    from_position: int
    sent_on: date | None = None
    sent_position: int | None = None
    closed_on: date | None = None
    closed_position: int | None = None
    accepted: bool = False
    invoice_id: str | None = None
    order_id: str | None = None
    currency: str
    total_minor: int


class QuoteTermRow(Row):
    """The last day of a quote from an event on."""

    TABLE: ClassVar[str] = "quote_term"
    KEY: ClassVar[tuple[str, ...]] = ("quote_id", "position")
    quote_id: str
    position: int
    effective_on: date
    valid_until: date
