"""Tables of promises to pay."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class DebtorPromiseRow(Row, kw_only=True):
    """A promise as it was made. ``suspended_until`` is its last day of grace."""

    TABLE: ClassVar[str] = "promise"
    KEY: ClassVar[tuple[str, ...]] = ("promise_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, promised_on)",)
    promise_id: str
    entity_id: str
    customer_id: str
    currency: str
    amount_minor: int
    promised_on: date
    suspended_until: date
    made_on: date
    from_position: int
    invoice_ids: list[str]


class PromiseStatusRow(Row):
    """Status of a promise from an event on. ``received_minor`` is null until it is judged."""

    TABLE: ClassVar[str] = "promise_status"
    KEY: ClassVar[tuple[str, ...]] = ("promise_id", "position")
    promise_id: str
    position: int
    effective_on: date
    status: str
    received_minor: int | None


class PromiseInvoiceRow(Row):
    """Invoice that a promise names."""

    TABLE: ClassVar[str] = "promise_invoice"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "promise_id")
    invoice_id: str
    promise_id: str
