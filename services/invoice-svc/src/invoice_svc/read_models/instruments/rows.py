"""Tables of the list of instruments."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class InstrumentRow(Row, kw_only=True):
    """A cheque, bill or note as of now."""

    TABLE: ClassVar[str] = "instrument"
    KEY: ClassVar[tuple[str, ...]] = ("instrument_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, instrument_id)",
        "(entity_id, number)",
        "(clears_by) where status in ('in_hand', 'remitted')",
    )
    instrument_id: str
    entity_id: str
    customer_id: str
    kind: str
    number: str
    currency: str
    amount_minor: int
    from_position: int
    matures_on: date
    clears_by: date
    status: str = "in_hand"
    is_remitted: bool = False


class InstrumentStatusRow(Row):
    """Status and maturity of an instrument from an event on."""

    TABLE: ClassVar[str] = "instrument_status"
    KEY: ClassVar[tuple[str, ...]] = ("instrument_id", "position")
    instrument_id: str
    position: int
    effective_on: date
    status: str
    matures_on: date


class InstrumentInvoiceRow(Row):
    """Invoice that an instrument is meant for."""

    TABLE: ClassVar[str] = "instrument_invoice"
    KEY: ClassVar[tuple[str, ...]] = ("instrument_id", "invoice_id")
    INDEXES: ClassVar[tuple[str, ...]] = ("(invoice_id)",)
    instrument_id: str
    invoice_id: str
