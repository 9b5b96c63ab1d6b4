"""The tables of the read model ``invoices``.

It tells *which* things an answer is about; *what* they are is folded from their streams, up to the position of the
same snapshot. So a list and a single GET cannot disagree, and there is one way to answer for the past: rows say when
a thing began to count (business date) and to be known (position), ``movement`` holds every change of what is owed
with both, and the columns of ``invoice`` that add those up are a short cut for today.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class EntityRow(Row):
    """A creditor."""

    TABLE: ClassVar[str] = "entity"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id",)
    entity_id: str
    name: str
    from_on: date
    from_position: int


class SeriesRow(Row):
    """The template that numbers of a series are made with now."""

    TABLE: ClassVar[str] = "series"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id", "code")
    entity_id: str
    code: str
    prefix: str


class NumberRow(Row):
    """A legal number that was given."""

    TABLE: ClassVar[str] = "numbered"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id", "series", "year", "running")
    entity_id: str
    series: str
    year: int
    running: int
    number: str
    issued_on: date
    position: int


class CustomerRow(Row):
    """A debtor. ``name_key`` is the lower-case name, for searches by its beginning."""

    TABLE: ClassVar[str] = "customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(entity_id, customer_id)", "(name_key)", "(external_ref)")
    customer_id: str
    entity_id: str
    name_key: str
    external_ref: str | None
    from_on: date
    from_position: int


class InvoiceRow(Row, kw_only=True):
    """An invoice. ``disputed_minor`` may exceed what is outstanding: a dispute outlives the payment of its amount."""

    TABLE: ClassVar[str] = "invoice"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, due_on, invoice_id) where outstanding_minor > 0",
        "(customer_id, invoice_id)",
        "(entity_id, invoice_id)",
        "(due_on, invoice_id)",
        "(number_key)",
        "(reference_key)",
    )
    invoice_id: str
    entity_id: str
    customer_id: str
    currency: str
    number: str | None = None
    number_key: str | None = None
    reference_key: str | None
    drafted_on: date | None = None
    from_position: int
    issued_on: date | None = None
    issued_position: int | None = None
    cancelled_on: date | None = None
    cancelled_position: int | None = None
    due_on: date | None = None
    total_minor: int
    credited_minor: int = 0
    paid_minor: int = 0
    disputed_minor: int = 0
    outstanding_minor: int = 0


class MovementRow(Row):
    """A change of an invoice after its issue. Positive is more credited, more paid, more disputed."""

    TABLE: ClassVar[str] = "movement"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "version")
    invoice_id: str
    version: int
    position: int
    effective_on: date
    credited_minor: int
    paid_minor: int
    disputed_minor: int


class PaymentRow(Row, kw_only=True):
    """A payment. ``identified_position`` is when its payer became known, if not at once."""

    TABLE: ClassVar[str] = "payment"
    KEY: ClassVar[tuple[str, ...]] = ("payment_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, payment_id)",
        "(entity_id, payment_id)",
        "(received_on, payment_id)",
    )
    payment_id: str
    entity_id: str
    customer_id: str | None
    identified_position: int | None = None
    received_on: date
    from_position: int


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


TABLES: tuple[type[Row], ...] = (
    EntityRow, SeriesRow, NumberRow, CustomerRow, InvoiceRow, MovementRow, PaymentRow, DisputeRow,
)  # fmt: skip
