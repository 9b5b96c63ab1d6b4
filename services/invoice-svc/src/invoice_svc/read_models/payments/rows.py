"""Tables of the list of payments."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


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


class CashRow(Row):
    """A movement of a payment's unapplied cash; ``available_on`` is the day of its funds where it brings them."""

    TABLE: ClassVar[str] = "cash"
    KEY: ClassVar[tuple[str, ...]] = ("position", "entry")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, currency)",)
    FINAL: ClassVar[bool] = True
    position: int
    entry: int
    payment_id: str
    customer_id: str
    currency: str
    effective_on: date
    cash_minor: int
    available_on: date | None


class PaymentReversalRow(Row):
    """A reversal of a payment, whole or in part, with the bank's reason."""

    TABLE: ClassVar[str] = "payment_reversal"
    KEY: ClassVar[tuple[str, ...]] = ("payment_id", "position")
    payment_id: str
    position: int
    effective_on: date
    kind: str | None
    return_code: str | None
    consequence: str | None


class PaymentReassignedRow(Row):
    """A payment from the position on which it was moved to the customer who paid."""

    TABLE: ClassVar[str] = "payment_reassigned"
    KEY: ClassVar[tuple[str, ...]] = ("payment_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    payment_id: str
    position: int
    customer_id: str
