"""Commands on an invoice. They contain all ids, dates and amounts that a decision needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from encours.contracts.common import CitedDelivery, CitedInvoice, Instalment, Particulars, Purpose, Terms
from invoice_svc.domain.amounts.adjustments import AdjustmentInput
from invoice_svc.domain.amounts.sums import LineInput, RateAmounts
from invoice_svc.domain.invoice.schedule import ProposedInstalment
from invoice_svc.domain.terms import ProposedTerms


class Content(Struct, frozen=True, gc=False):
    """Content of a draft. ``supply_on`` ``None`` is the day of issue, or today."""

    supply_on: date | None
    lines: tuple[LineInput, ...]
    terms: Terms | ProposedTerms | None = None
    reference: str | None = None
    salesperson: str | None = None
    adjustments: tuple[AdjustmentInput, ...] = ()
    particulars: Particulars = Particulars()
    deposits: tuple[str, ...] = ()
    """Ids of the deposit invoices that a final invoice deducts."""
    instalments: tuple[ProposedInstalment, ...] = ()


class DraftInvoice(Struct, frozen=True, gc=False):
    """Create a draft for a customer; with ``issue`` it gets its number in the same step.

    ``currency`` ``None`` takes that of the lines' prices, else the entity's. ``issued_on`` is today if not given.
    """

    invoice_id: str
    entity_id: str
    customer_id: str
    series: str
    content: Content
    currency: str | None = None
    issue: bool = False
    issued_on: date | None = None
    purpose: Purpose = "invoice"
    corrects: CitedInvoice | None = None
    deliveries: tuple[CitedDelivery, ...] = ()
    correction_cause: str | None = None
    credit_series: str | None = None


class AmendInvoice(Struct, frozen=True):
    """Change the content of the draft from now on; an omitted field is unchanged.

    ``particulars`` has those to change, by name.
    """

    invoice_id: str
    supply_on: date | UnsetType = UNSET
    lines: tuple[LineInput, ...] | UnsetType = UNSET
    terms: ProposedTerms | UnsetType | None = UNSET
    reference: str | UnsetType | None = UNSET
    salesperson: str | UnsetType | None = UNSET
    allowances: tuple[AdjustmentInput, ...] | UnsetType = UNSET
    charges: tuple[AdjustmentInput, ...] | UnsetType = UNSET
    particulars: Mapping[str, Any] = {}
    deposits: tuple[str, ...] | UnsetType = UNSET
    instalments: tuple[ProposedInstalment, ...] | UnsetType = UNSET


class IssueInvoice(Struct, frozen=True):
    """Give the draft its legal number; the receivable begins. ``issued_on`` is today if not given."""

    invoice_id: str
    issued_on: date | None = None


class CancelInvoice(Struct, frozen=True):
    """Cancel a draft."""

    invoice_id: str


class TakeOverInvoice(Struct, frozen=True):
    """Take over an invoice that another system issued. It keeps its number, and belongs to no series.

    ``due_on`` ``None`` is that of the terms; ``terms`` ``None`` are the customer's, else those of the law.
    """

    invoice_id: str
    customer_id: str
    entity_id: str
    number: str
    issued_on: date
    due_on: date | None
    currency: str
    total_minor: int
    net_minor: int | None
    vat_minor: int | None
    reference: str | None = None
    terms: ProposedTerms | None = None
    instalments: tuple[Instalment, ...] = ()


class CreditInvoice(Struct, frozen=True):
    """Create a credit note over lines, over an amount with VAT, or over net and VAT by rate, which may be VAT alone.

    With none of them it is over all that is outstanding. ``issued_on`` is today if not given. ``series`` ``None`` is
    AVO. ``number`` is given for a credit note taken over from another system only. ``currency`` is that of the amount,
    to be compared with the invoice's.
    """

    invoice_id: str
    credit_note_id: str
    issued_on: date | None
    amount_minor: int | None
    cause: str
    series: str | None = None
    number: str | None = None
    lines: tuple[LineInput, ...] | None = None
    currency: str | None = None
    parts: tuple[RateAmounts, ...] | None = None
