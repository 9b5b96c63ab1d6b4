"""Tables of the list of invoices.

``movement`` holds every change of an invoice after its issue, with business date and position; the sums in
``invoice`` are a short cut for today.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from msgspec import field

from encours.projection.rows import Row

CLOSED = ("residual_closed", "residual_reopened")
PAID = ("applied", "unapplied", "discounted", "discount_withdrawn", *CLOSED)
"""Kinds of movements that the status of an invoice distinguishes. Those of any other kind move what is outstanding."""


class InvoiceRow(Row, kw_only=True):
    """An invoice. ``disputed_minor`` may exceed what is outstanding: a dispute outlives the payment of its amount.

    ``conceded_minor`` of it was accepted and is still to be credited. ``planned_minor``, on a payment plan in force,
    and ``in_hand_minor``, for which instruments are in hand, may exceed it too. ``paid_minor`` includes an
    early-payment discount and ``residual_minor``, the rest that a tolerance closed.
    ``payable_on`` is the due date of the first instalment that ``settled_minor``, less than what was ever owed, leaves
    open; ``instalments`` as ``<date> <sum up to it>``.
    """

    TABLE: ClassVar[str] = "invoice"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, due_on, invoice_id) where outstanding_minor > 0",
        "(customer_id, invoice_id)",
        "(entity_id, invoice_id)",
        "(due_on, invoice_id)",
        "(number_key)",
        "(digits_key)",
        "(reference_key)",
        "(issued_position)",
        "(entity_id, outstanding_minor) where outstanding_minor > 0",
    )
    invoice_id: str
    entity_id: str
    customer_id: str
    currency: str
    number: str | None = None
    number_key: str | None = None
    digits_key: str | None = None
    reference_key: str | None
    drafted_on: date | None = None
    from_position: int
    issued_on: date | None = None
    issued_position: int | None = None
    cancelled_on: date | None = None
    cancelled_position: int | None = None
    due_on: date | None = None
    payable_on: date | None = None
    settled_minor: int = 0
    instalments: list[str] = field(default_factory=list)
    approval: str = "none"
    total_minor: int
    credited_minor: int = 0
    paid_minor: int = 0
    residual_minor: int = 0
    disputed_minor: int = 0
    planned_minor: int = 0
    in_hand_minor: int = 0
    conceded_minor: int = 0
    outstanding_minor: int = 0
    purpose: str = "invoice"
    claimed_until: date | None = None
    claimed_position: int = 0
    """Last day that a penalty document claims, and the position of that claim; none after the end of any claim."""


class InvoiceInstalmentRow(Row):
    """An instalment from an event on; ``upto_minor`` is the sum of those up to it."""

    TABLE: ClassVar[str] = "invoice_instalment"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "position", "due_on")
    invoice_id: str
    position: int
    due_on: date
    effective_on: date
    upto_minor: int


class InvoiceApprovalRow(Row):
    """Approval of a draft from an event on."""

    TABLE: ClassVar[str] = "approval"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "position")
    invoice_id: str
    position: int
    effective_on: date
    approval: str


class InvoiceFieldsRow(Row):
    """Values of an invoice's custom fields from an event on, as ``<code>:<value>``; never changed again."""

    TABLE: ClassVar[str] = "invoice_fields"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("using gin (fields)",)
    invoice_id: str
    position: int
    effective_on: date
    fields: list[str]


class InvoiceMovementRow(Row):
    """A movement of an invoice after its issue; ``entry`` is its place among those of its event, from 0."""

    TABLE: ClassVar[str] = "movement"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "position", "entry")
    FINAL: ClassVar[bool] = True
    invoice_id: str
    position: int
    entry: int
    effective_on: date
    kind: str
    item_minor: int
    contested_minor: int
    planned_minor: int
    in_hand_minor: int
    conceded_minor: int
