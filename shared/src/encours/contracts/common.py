"""Values that several families of events share."""

from __future__ import annotations

from datetime import date
from typing import Literal

from encours.contracts.base import Value
from encours.kernel.business_days import Shift
from encours.kernel.money import Money
from encours.kernel.terms import DueKind


class Address(Value, frozen=True, kw_only=True):
    """A postal address; ``country`` is ISO 3166-1 alpha-2."""

    lines: tuple[str, ...]
    postal_code: str
    city: str
    country: str


class Instalment(Value, frozen=True, kw_only=True):
    """Amount to be paid by a day, in minor units."""

    due_on: date
    amount_minor: int


class DraftedInstalment(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Instalment of a draft, due on ``due_on`` or ``days`` after the issue, which fixes day and amount.

    It is over an amount or a share of what is to be paid; the last one with neither takes the rest.
    """

    due_on: date | None = None
    days: int | None = None
    amount_minor: int | None = None
    share_bps: int | None = None


class EarlyDiscount(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Early-payment discount [escompte]: part of the whole invoice, VAT included, for payment by a day.

    The day follows from the date of issue as a due date does (:class:`encours.kernel.terms.DueRule`).
    """

    rate_bps: int
    due_kind: DueKind = "NET"
    days: int
    months: int = 0
    day_of_month: int | None = None


class Terms(Value, frozen=True, kw_only=True, omit_defaults=True):
    """The contract conditions an invoice is issued under (L441-10) and keeps, whatever is agreed later.

    The due date follows from ``due_kind`` to ``calendar`` by :class:`encours.kernel.terms.DueRule`. Fields with
    a default are left out of the bytes where they have it, so that terms of days alone keep the bytes that they had.
    """

    due_kind: DueKind
    days: int
    months: int = 0
    day_of_month: int | None = None
    periodic: bool = False
    """For invoices that sum up the supplies of a period (CGI 289 I-3): a shorter ceiling."""
    business_day: Shift = "none"
    calendar: str | None = None
    """Business calendar of the shift: ``TARGET`` or the creditor's country; ``None`` without a shift."""
    penalty_rate_bps: int | None
    """Contractual yearly rate in hundredths of a percent; ``None`` is the legal default rate."""
    indemnity_minor: int
    """Flat recovery fee per invoice paid late (40 EUR by D441-5), in the invoice's currency; in an agreement
    with a customer, the entity's."""
    fee_by_law: bool = False
    """In an agreement: the fee is that of the law by the size of each invoice, ``indemnity_minor`` its lowest."""
    discount: EarlyDiscount | None = None
    deposit_bps: int | None = None
    """In an agreement: share of an order, VAT included, that is asked for in advance. No invoice has it."""


class Conversion(Value, frozen=True, kw_only=True):
    """An amount in another currency than the one that it stands beside, and the rate between the two."""

    currency: str
    amount_minor: int
    base: str
    quote: str
    rate: str
    """Units of ``quote`` for one unit of ``base``, as a decimal."""
    rate_on: date
    source: str
    agreed: bool
    """The rate was given with the allocation, such as the bank's; else it is the published one of the day."""


class ReasonValue(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Value of a reason: a figure, a day or a word. A figure with a currency is an amount in minor units."""

    name: str
    figure: int | None = None
    currency: str | None = None
    on: date | None = None
    word: str | None = None


class Reason(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Reason for a decision: a stable code and its values. Its sentence is made where it is read."""

    code: str
    values: tuple[ReasonValue, ...] = ()

    @classmethod
    def of(cls, code: str, **values: int | date | str | Money) -> Reason:
        """Return a reason with named values."""
        return cls(code=code, values=tuple(_value(name, each) for name, each in values.items()))


def _value(name: str, value: int | date | str | Money) -> ReasonValue:
    match value:
        case Money():
            return ReasonValue(name=name, figure=value.amount_minor, currency=value.currency)
        case int():
            return ReasonValue(name=name, figure=value)
        case date():
            return ReasonValue(name=name, on=value)
        case str():
            return ReasonValue(name=name, word=value)


class KeptEvidence(Value, frozen=True, kw_only=True):
    """A document that proves a statement, identified by its SHA-256 in hexadecimal digits.

    ``document`` is the document itself in base64, ``None`` where the creditor keeps it elsewhere.
    """

    sha256: str
    name: str | None
    media_type: str | None
    document: str | None


VatCategory = Literal["S", "Z", "E", "AE", "K", "G", "O"]
"""UNTDID 5305 codes, as EN 16931 uses them: S standard or reduced rate, Z zero rate, E exempt, AE reverse charge,
K intra-Community supply, G export, O outside the scope of VAT. All but S have the rate 0."""
Nature = Literal["goods", "services", "mixed"]
"""Nature of the operation (CGI ann. II 242 nonies A I 10 bis)."""


class VatShare(Value, frozen=True, kw_only=True):
    """The part of a document in one VAT category at one rate."""

    category: VatCategory
    rate_bps: int
    net_minor: int
    vat_minor: int


class Adjustment(Value, frozen=True, kw_only=True):
    """A discount or a charge on a line, net of VAT (EN 16931 BG-27, BG-28)."""

    kind: Literal["allowance", "charge"]
    reason: str
    amount_minor: int
    percent_bps: int | None
    """Hundredths of a percent of ``base_minor`` from which the amount was calculated; both ``None`` if it was given."""
    base_minor: int | None

    @property
    def signed_minor(self) -> int:
        """Change of the net amount: below 0 for an allowance."""
        return self.amount_minor if self.kind == "charge" else -self.amount_minor


class DocumentAdjustment(Adjustment, frozen=True, kw_only=True):
    """A discount or a charge on the whole document, with its VAT (EN 16931 BG-20, BG-21)."""

    vat_category: VatCategory
    vat_rate_bps: int


class Line(Value, frozen=True, kw_only=True, omit_defaults=True):
    """An invoice line; quantity and unit price are decimal strings, so that nothing is rounded twice."""

    description: str
    quantity: str
    unit_price: str
    vat_category: VatCategory
    vat_rate_bps: int
    net_minor: int
    """Quantity times price, less the allowances, plus the charges (BT-131)."""
    product: str | None
    adjustments: tuple[Adjustment, ...] = ()
    unit_cost: str | None = None
    """Cost of one unit to the seller, without VAT; ``None`` where it is not known."""


class ProductShare(Value, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a document in one product; the parts of all products add up to its net and its VAT."""

    product: str | None
    net_minor: int
    vat_minor: int
    costed_minor: int = 0
    """The part of ``net_minor`` whose cost is known."""
    cost_minor: int = 0
    """Cost of that part."""


class Exemption(Value, frozen=True, kw_only=True):
    """Reason for which a category bears no VAT: a text, or a code of the list VATEX (BT-120, BT-121)."""

    category: VatCategory
    text: str | None
    code: str | None


class Particulars(Value, frozen=True, kw_only=True):
    """Statements of a document beside its parties, lines, amounts and dates of issue and supply."""

    nature: Nature | None = None
    vat_on_debits: bool = False
    """The seller has opted for VAT on debits: VAT on services is due at issue (CGI 269-2 c)."""
    buyer_reference: str | None = None
    """Reference that the buyer asked for, such as a service code (BT-10)."""
    contract: str | None = None
    """Number of the contract (BT-12)."""
    delivered_to: str | None = None
    """Name at the place of delivery (BT-70)."""
    delivery_address: Address | None = None
    """Place of delivery if it is not the customer's address (BG-15)."""
    supply_from: date | None = None
    supply_until: date | None = None
    """First and last day of the period that is invoiced (BG-14)."""
    exemptions: tuple[Exemption, ...] = ()


class CitedInvoice(Value, frozen=True, kw_only=True):
    """A document that another one cites, by number and date (CGI ann. II 242 nonies A; EN 16931 BG-3).

    No part of an event has a field ``number``: the ledger's database takes the first as the event's own legal number.
    """

    invoice_id: str
    invoice_number: str
    issued_on: date


class DeductedDeposit(CitedInvoice, frozen=True, kw_only=True):
    """A deposit invoice [facture d'acompte] in the final invoice: what it takes off there, with its VAT.

    The customer owes that amount on the deposit invoice, and its VAT is declared with that.
    """

    vat: tuple[VatShare, ...]
    net_minor: int
    vat_minor: int
    total_minor: int


class DocumentContent(Value, frozen=True, kw_only=True):
    """Content of a document that an invoice is made from later: a quote, an order, a recurring invoice."""

    supply_on: date | None
    lines: tuple[Line, ...]
    vat: tuple[VatShare, ...]
    terms: Terms | None
    """Conditions of this document alone; ``None`` takes the customer's at issue."""
    reference: str | None
    salesperson: str | None
    adjustments: tuple[DocumentAdjustment, ...] = ()
    particulars: Particulars | None = None


class CitedDelivery(Value, frozen=True, kw_only=True):
    """Delivery that an invoice bills, as the invoice cites it."""

    order_id: str
    order_number: str
    reference: str | None
    """The customer's own number of the order."""
    delivery_id: str
    note_number: str
    delivered_on: date


class PenaltySegment(Value, frozen=True, kw_only=True):
    """Days of late payment at one principal and one rate, the first and the last counted."""

    first_day: date
    last_day: date
    principal_minor: int
    rate_bps: int
    basis: str
    interest_minor: int


class PenalisedInvoice(Value, frozen=True, kw_only=True):
    """An invoice paid late, with what a penalty document claims for it up to and including ``last_day``."""

    invoice_id: str
    invoice_number: str
    due_on: date
    last_day: date
    segments: tuple[PenaltySegment, ...]
    """Days that no earlier document claims."""
    adjustment_minor: int
    """Interest beside the segments, signed: of days that earlier documents claim and that was corrected since, waived
    interest, and the rounding of periods."""
    interest_minor: int
    """Interest of the segments and the adjustment."""
    indemnity_minor: int


Origin = Literal["issued", "import"]
Purpose = Literal["invoice", "deposit", "penalty"]
"""Kind of an invoice: an ordinary one, final ones included, one over a deposit [facture d'acompte], or a penalty
document, which claims interest and recovery fees for late payment: no turnover, and outside the scope of VAT."""
