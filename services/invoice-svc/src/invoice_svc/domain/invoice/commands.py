"""What one can ask of an invoice. Ids, dates and amounts come in; nothing here is looked up or drawn."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from encours.contracts.common import Terms
from invoice_svc.domain.invoice.amounts import LineInput


class Content(Struct, frozen=True):
    """What a draft says."""

    supply_on: date
    lines: tuple[LineInput, ...]
    terms: Terms | None = None
    reference: str | None = None
    salesperson: str | None = None


class DraftInvoice(Struct, frozen=True):
    """A draft for a customer. ``currency`` ``None`` takes the entity's."""

    invoice_id: str
    entity_id: str
    customer_id: str
    series: str
    content: Content
    currency: str | None = None


class IssueInvoice(Struct, frozen=True):
    """Give the draft its legal number; the receivable begins."""

    invoice_id: str
    issued_on: date


class TakeOverInvoice(Struct, frozen=True):
    """An invoice that another system issued: it keeps its number and its due date and joins no series."""

    invoice_id: str
    customer_id: str
    entity_id: str
    number: str
    issued_on: date
    due_on: date
    currency: str
    total_minor: int
    net_minor: int
    vat_minor: int
    reference: str | None = None


class CreditInvoice(Struct, frozen=True):
    """A credit note over lines, or over an amount including VAT; with neither, over all that is outstanding.

    ``series`` ``None`` is AVO. ``number`` is given for a credit note taken over from another system only.
    """

    invoice_id: str
    credit_note_id: str
    issued_on: date
    amount_minor: int | None
    cause: str
    series: str | None = None
    number: str | None = None
    lines: tuple[LineInput, ...] | None = None
