"""Tables of the list of residuals."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class ResidualRow(Row, kw_only=True):
    """A residual of an invoice, or of a payment (an overpayment), known from a position on."""

    TABLE: ClassVar[str] = "residual"
    KEY: ClassVar[tuple[str, ...]] = ("residual_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(entity_id, residual_id)", "(customer_id, residual_id)")
    residual_id: str
    entity_id: str
    customer_id: str
    invoice_id: str | None
    payment_id: str
    currency: str
    amount_minor: int
    reason: str
    policy_code: str
    policy_version: int
    cap_minor: int
    account: str | None
    closed_on: date
    from_position: int


class ResidualReopeningRow(Row, kw_only=True):
    """End of a residual, from a business date on, known from a position on."""

    TABLE: ClassVar[str] = "residual_reopening"
    KEY: ClassVar[tuple[str, ...]] = ("residual_id",)
    residual_id: str
    position: int
    effective_on: date
