"""Tables of ``credit``: customers, invoices, dated movements of the exposure, limit requests.

Movements are append-only and have a position and a business date. So exposure and score as of any date, as known at
any position, are one sum, and no row has versions.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class CreditCustomerRow(Row, kw_only=True):
    """A customer. ``exposure_minor`` is open + drafts − unapplied over all dates, for the ranking."""

    TABLE: ClassVar[str] = "customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(exposure_minor desc, customer_id)",)
    customer_id: str
    entity_id: str
    name: str
    from_position: int
    exposure_minor: int


class ExposureInvoiceRow(Row, kw_only=True):
    """A draft or an issued invoice; ``issued_position`` is ``None`` while it is a draft.

    ``drafted`` lists the draft's additions to the exposure, one ``<day>:<minor units>`` per day. An issue may be
    dated before such a day; it then reverses the addition on that day and not before.
    """

    TABLE: ClassVar[str] = "invoice"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    invoice_id: str
    customer_id: str
    currency: str
    drafted: str
    number: str | None
    issued_on: date | None
    due_on: date | None
    total_minor: int
    issued_position: int | None


class ExposureMovementRow(Row, kw_only=True):
    """A change of a customer's exposure: its four components side by side, signed minor units."""

    TABLE: ClassVar[str] = "movement"
    KEY: ClassVar[tuple[str, ...]] = ("position", "line")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, effective_on)",)
    position: int
    line: int
    customer_id: str
    currency: str
    invoice_id: str | None
    effective_on: date
    open_minor: int
    disputed_minor: int
    draft_minor: int
    unapplied_minor: int


class LimitRequestRow(Row, kw_only=True):
    """A limit request; its decision is effective on ``decided_on`` and known from ``decided_position``."""

    TABLE: ClassVar[str] = "limit_request"
    KEY: ClassVar[tuple[str, ...]] = ("limit_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    limit_id: str
    customer_id: str
    entity_id: str
    amount_minor: int
    currency: str
    max_days_past_due: int
    valid_until: date | None
    requested_position: int
    requested_on: date
    state: str
    approved_minor: int | None
    approved_max_days: int | None
    decided_position: int | None
    decided_on: date | None
