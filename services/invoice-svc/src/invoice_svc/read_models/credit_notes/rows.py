"""Table of the list of credit notes."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class CreditNoteRow(Row):
    """A credit note; ``invoice_id`` is null for one without an invoice, net and VAT where they are not known."""

    TABLE: ClassVar[str] = "credit_note"
    KEY: ClassVar[tuple[str, ...]] = ("credit_note_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, credit_note_id)",
        "(entity_id, credit_note_id)",
        "(invoice_id)",
        "(issued_on, credit_note_id)",
    )
    credit_note_id: str
    entity_id: str
    customer_id: str
    invoice_id: str | None
    number: str
    issued_on: date
    currency: str
    net_minor: int | None
    vat_minor: int | None
    total_minor: int
    cause: str
    position: int
