"""The invoice from draft to settlement. Stream: the invoice id. Appended by invoice-svc.

Amounts are gross (VAT included) unless named otherwise, in minor units of the invoice's currency.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from encours.contracts.base import Event, Upcaster, Value
from encours.contracts.common import (
    CitedDelivery,
    CitedInvoice,
    Conversion,
    DeductedDeposit,
    DocumentAdjustment,
    DraftedInstalment,
    Line,
    Origin,
    Particulars,
    PenalisedInvoice,
    ProductShare,
    Purpose,
    Terms,
    VatShare,
)
from encours.contracts.events.money.plan import PlanInterest, PlanOutcome


def _with_categories(fields: dict[str, Any]) -> dict[str, Any]:
    """Add the VAT categories that were not kept then: a rate of 0 was the zero rate, any other the standard rate."""
    vat = [share | {"category": "S" if share["rate_bps"] else "Z"} for share in fields["vat"]]
    lines = [
        line | {"vat_category": "S" if line["vat_rate_bps"] else "Z"} for line in fields.get("lines", ())
    ]
    return fields | {"vat": vat} | ({"lines": lines} if "lines" in fields else {})


def _same(fields: dict[str, Any]) -> dict[str, Any]:
    return fields


class InvoiceDrafted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A draft: it has no legal number and no due date."""

    TYPE: ClassVar[str] = "invoice.drafted"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: _with_categories}
    invoice_id: str
    customer_id: str
    series: str
    currency: str
    supply_on: date
    lines: tuple[Line, ...]
    vat: tuple[VatShare, ...]
    net_minor: int
    vat_minor: int
    total_minor: int
    terms: Terms | None
    """Conditions agreed for this invoice alone; ``None`` takes the customer's at issue."""
    reference: str | None
    """The customer's order number (BT-13)."""
    salesperson: str | None
    adjustments: tuple[DocumentAdjustment, ...] = ()
    particulars: Particulars | None = None
    purpose: Purpose = "invoice"
    deposits: tuple[str, ...] = ()  # ids of the deposit invoices that the invoice will deduct
    corrects: CitedInvoice | None = None
    """The invoice in whose place this one comes."""
    deliveries: tuple[CitedDelivery, ...] = ()
    correction_cause: str | None = None
    """Of a correction: the reason for its credit note."""
    credit_series: str | None = None
    """Of a correction: the series of its credit note; ``None`` is AVO."""
    instalments: tuple[DraftedInstalment, ...] = ()  # fixed by the issue, with ``invoice.rescheduled``
    cleared_minor: int | None = None  # as :func:`encours.contracts.clearance.drafted_exposure` counts it


class InvoiceAmended(Event, frozen=True, kw_only=True):
    """The draft's content from now on; all of it."""

    TYPE: ClassVar[str] = "invoice.amended"
    VERSION: ClassVar[int] = 4
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: _with_categories, 2: _same, 3: _same}
    invoice_id: str
    customer_id: str
    supply_on: date
    lines: tuple[Line, ...]
    vat: tuple[VatShare, ...]
    net_minor: int
    vat_minor: int
    total_minor: int
    terms: Terms | None
    reference: str | None
    salesperson: str | None
    adjustments: tuple[DocumentAdjustment, ...] = ()
    particulars: Particulars | None = None
    deposits: tuple[str, ...] = ()
    instalments: tuple[DraftedInstalment, ...] = ()
    cleared_minor: int | None = None  # by the credit policy of now


class InvoiceCancelled(Event, frozen=True, kw_only=True):
    """A draft is given up. An issued invoice is never cancelled but credited."""

    TYPE: ClassVar[str] = "invoice.cancelled"
    invoice_id: str
    customer_id: str


class InvoiceIssued(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The receivable begins. Everything that a follower needs is here, without the draft.

    ``number`` is legal and gapless for ``origin`` ``issued``; an invoice taken over from another system
    (``import``) keeps the number it has and belongs to no series. A final invoice states what its deposits leave: net,
    VAT and total are those of the whole supply less ``deposits``.
    """

    TYPE: ClassVar[str] = "invoice.issued"
    VERSION: ClassVar[int] = 3
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: _same, 2: _with_categories}
    invoice_id: str
    customer_id: str
    number: str
    series: str | None
    issued_on: date
    supply_on: date
    due_on: date
    discount_until: date | None = None
    """Last day of the early-payment discount of the terms; left out of the bytes where there is none."""
    display: str | None = None
    """Text in which the number is shown, with ``{number}`` in its place; ``None``: the number alone."""
    currency: str
    vat: tuple[VatShare, ...]
    net_minor: int | None
    vat_minor: int | None
    """Both ``None`` where they are not known: taken over with the total alone. Before version 2 the net was then the
    total, and the VAT 0."""
    total_minor: int
    terms: Terms
    reference: str | None
    salesperson: str | None
    origin: Origin
    purpose: Purpose = "invoice"
    particulars: Particulars | None = None
    deposits: tuple[DeductedDeposit, ...] = ()
    corrects: CitedInvoice | None = None
    purchaser_id: str | None = None
    """Customer who ordered, if another is billed: ``customer_id``, who owes the invoice."""
    delivered_to_id: str | None = None
    """Customer who is delivered, if it is not the one who ordered."""
    deliveries: tuple[CitedDelivery, ...] = ()
    penalises: tuple[PenalisedInvoice, ...] = ()
    """Of a penalty document: the invoices paid late, with what it claims for each; its total is their sum."""
    products: tuple[ProductShare, ...] = ()  # of lines that state a product or a cost


class DepositDeducted(Event, frozen=True, kw_only=True):
    """A final invoice has listed this deposit invoice and deducts what credit notes have left of it.

    What the final invoice could not deduct was credited in the same step, so the customer is in credit for it.
    """

    TYPE: ClassVar[str] = "invoice.deposit_deducted"
    invoice_id: str
    customer_id: str
    final_invoice_id: str


class DepositFreed(Event, frozen=True, kw_only=True):
    """The final invoice that deducted this deposit was credited as a whole, or replaced: another one may deduct it."""

    TYPE: ClassVar[str] = "invoice.deposit_freed"
    invoice_id: str
    customer_id: str
    final_invoice_id: str


class InvoiceTermsBeyondCeiling(Event, frozen=True, kw_only=True):
    """Issued with a delay of its own, of its terms or to its last instalment, beyond the ceiling of the creditor's law.

    Terms that are agreed with the customer are warned of there, by ``customer.terms_beyond_ceiling``.
    """

    TYPE: ClassVar[str] = "invoice.terms_beyond_ceiling"
    invoice_id: str
    customer_id: str
    ceiling_days: int
    agreed_days: int


class ReleasedCash(Value, frozen=True, kw_only=True):
    """Part of a payment that left an invoice with a credit note: the customer is in credit."""

    payment_id: str
    amount_minor: int
    """In the invoice's currency."""


class InvoicePenaltyBelowFloor(Event, frozen=True, kw_only=True):
    """Issued under terms of its own whose penalty rate is below the legal minimum of contractual rates.

    Terms that are agreed with the customer are warned of there, by ``customer.penalty_below_floor``.
    """

    TYPE: ClassVar[str] = "invoice.penalty_below_floor"
    invoice_id: str
    customer_id: str
    floor_bps: int
    agreed_bps: int
    basis: str


class InvoiceCredited(Event, frozen=True, kw_only=True):
    """A credit note [avoir] takes an amount off the invoice; with all of it the invoice is cancelled."""

    TYPE: ClassVar[str] = "invoice.credited"
    VERSION: ClassVar[int] = 7
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {
        1: lambda fields: fields | {"vat": ()},
        2: lambda fields: fields | {"awaited_minor": 0},
        4: _with_categories,
        **dict.fromkeys((3, 5, 6), _same),
    }
    invoice_id: str
    customer_id: str
    currency: str
    credit_note_id: str
    number: str
    series: str | None
    """``None`` for a credit note taken over from another system."""
    issued_on: date
    vat: tuple[VatShare, ...]
    """Empty where it is not known by rate: before version 2, and on invoices taken over."""
    net_minor: int | None
    vat_minor: int | None
    """Both ``None`` where they are not known: a credit note that was taken over, on an invoice without them."""
    total_minor: int
    awaited_minor: int
    """Part that answers accepted claims (``invoice.share_undisputed``): it ceased to be owed with them."""
    whole: bool
    cause: str
    origin: Origin
    released: tuple[ReleasedCash, ...] = ()  # cash left without a debt; not kept before version 5
    purpose: Purpose = "invoice"
    """Kind of the invoice; before version 6 none was a penalty document or told apart as a deposit."""
    products: tuple[ProductShare, ...] = ()  # not kept before version 7


class InvoiceRebated(Event, frozen=True, kw_only=True):
    """A credit note of its own, such as a rebate, cites this invoice and corrects a part of it (CGI 272-1).

    The customer has the amount in credit (``payment.credit_note_issued``), so the invoice is owed as before; but later
    credit notes have that much less left of it.
    """

    TYPE: ClassVar[str] = "invoice.rebated"
    invoice_id: str
    customer_id: str
    currency: str
    credit_note_id: str
    payment_id: str
    vat: tuple[VatShare, ...]
    """Net and VAT of the part by rate; empty where those of the invoice are not known by rate."""
    net_minor: int | None
    vat_minor: int | None
    """Both ``None`` where the invoice was taken over with its total alone."""
    total_minor: int


class PaymentApplied(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Part of a payment settles part of this invoice (mirror of ``payment.allocated`` in this stream)."""

    TYPE: ClassVar[str] = "invoice.payment_applied"
    invoice_id: str
    customer_id: str
    currency: str
    payment_id: str
    allocation_id: str
    amount_minor: int
    received_on: date
    """Day on which the funds were available, and interest stops."""
    payer_id: str | None = None
    """Customer whose payment it is, if it is not the debtor."""
    paid: Conversion | None = None
    """Part of a payment in another currency that is used for it."""


class PaymentUnapplied(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An allocation is undone: the debt is open again from its original due date."""

    TYPE: ClassVar[str] = "invoice.payment_unapplied"
    invoice_id: str
    customer_id: str
    currency: str
    payment_id: str
    allocation_id: str
    amount_minor: int
    cause: Literal["released", "reversed"]
    payer_id: str | None = None
    """Customer whose payment it is, if it is not the debtor."""
    paid: Conversion | None = None
    """Part of a payment in another currency that is used for it."""


class ShareDisputed(Event, frozen=True, kw_only=True):
    """An amount of this invoice is in dispute (mirror of ``dispute.opened``); the rest stays collectable."""

    TYPE: ClassVar[str] = "invoice.share_disputed"
    invoice_id: str
    customer_id: str
    currency: str
    dispute_id: str
    amount_minor: int


class ShareUndisputed(Event, frozen=True, kw_only=True):
    """A dispute on this invoice has ended on an amount (mirror of ``dispute.resolved`` and ``.part_resolved``)."""

    TYPE: ClassVar[str] = "invoice.share_undisputed"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: lambda fields: fields | {"awaiting_credit_minor": 0}}
    invoice_id: str
    customer_id: str
    currency: str
    dispute_id: str
    amount_minor: int
    outcome: Literal["credited", "rejected", "withdrawn"]
    awaiting_credit_minor: int
    """Part of the claim that the creditor accepted and has not credited yet: nobody asks for it (C. civ. 1219, 1223).
    0 unless ``credited``, and in version 1, after which all of the claim was collectable again."""


class EarlyDiscountTaken(Event, frozen=True, kw_only=True):
    """The payer paid the invoice less its early-payment discount in time: the rest was never owed.

    The discount reduces the taxable amount of each rate (CGI 267 II-1°) and, as the VAT was due before, gives it back
    (CGI 272-1). The invoice states the condition, and this event that it was met. It is a financial expense (PCG 665),
    not turnover.
    """

    TYPE: ClassVar[str] = "invoice.discount_taken"
    invoice_id: str
    customer_id: str
    currency: str
    amount_minor: int
    vat: tuple[VatShare, ...]
    """Net and VAT of the discount by rate; empty where those of the invoice are not known by rate."""
    net_minor: int | None
    vat_minor: int | None
    rate_bps: int
    discount_until: date
    received_on: date
    """Day on which the last of the funds were available."""
    payment_id: str
    allocation_id: str
    """The allocation that completed the discounted amount."""
    evidence: str
    """The price that was paid, and the words of the payer where there are any."""
    basis: str


class EarlyDiscountWithdrawn(Event, frozen=True, kw_only=True):
    """A discount that was taken no longer stands: its payment left the invoice, or a credit note changed its amount."""

    TYPE: ClassVar[str] = "invoice.discount_withdrawn"
    invoice_id: str
    customer_id: str
    currency: str
    amount_minor: int
    vat: tuple[VatShare, ...]
    net_minor: int | None
    vat_minor: int | None
    payment_id: str
    cause: Literal["released", "reversed", "credited"]


class InvoicePlanned(Event, frozen=True, kw_only=True):
    """An amount of this invoice is on a plan in force (mirror of ``plan.agreed`` and ``plan.resumed``)."""

    TYPE: ClassVar[str] = "invoice.planned"
    invoice_id: str
    customer_id: str
    currency: str
    plan_id: str
    amount_minor: int
    interest: PlanInterest


class InvoiceUnplanned(Event, frozen=True, kw_only=True):
    """The plan is no longer in force (mirror of ``plan.kept``, ``plan.broken`` and ``plan.cancelled``)."""

    TYPE: ClassVar[str] = "invoice.unplanned"
    invoice_id: str
    customer_id: str
    currency: str
    plan_id: str
    amount_minor: int
    outcome: PlanOutcome
