"""Table of the statements of account."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class StatementEntryRow(Row):
    """Change of a customer's account (411) by an event, never changed again; positive is owed to the creditor.

    ``customer_id`` is ``''`` while a payer is unknown. ``document`` is the number of the invoice or the credit note,
    or the payment's reference.
    """

    TABLE: ClassVar[str] = "statement_entry"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position", "entry")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, effective_on)",)
    customer_id: str
    position: int
    entry: int
    entity_id: str
    currency: str
    effective_on: date
    kind: str
    document: str | None
    invoice_id: str | None
    payment_id: str | None
    amount_minor: int
