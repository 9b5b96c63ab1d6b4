"""Residual differences: tolerances that a creditor sets, and what they close of an item, taken back with its payment.

A tolerance is set in the entity's stream. What it closes of an invoice is in the invoice's stream, and what it closes
of a payment's unapplied cash in the payment's. Appended by invoice-svc. Amounts are in minor units of the item's
currency.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event

ResidualReason = Literal["cent", "discount_late", "bank_charge", "exchange"]
"""Rounding, early-payment discount taken late, charges kept by a bank, exchange difference."""
OverpaymentUse = Literal["unapplied", "income"]
"""A small overpayment stays the customer's unapplied cash, or becomes income."""
ReopeningCause = Literal["released", "reversed", "credited", "paid"]
RestorationCause = Literal["released", "reversed", "used"]


class ToleranceSet(Event, frozen=True, kw_only=True):
    """The whole tolerance from a day on; its scope is one customer, a segment, a tag or, with none of them, the entity.

    Reason, currency and scope of a code are for good. Each setting has the next version.
    """

    TYPE: ClassVar[str] = "entity.tolerance_set"
    entity_id: str
    code: str
    version: int
    reason: ResidualReason
    currency: str
    cap_minor: int
    """Highest residual of an item; 0 closes none."""
    share_bps: int | None
    """Highest residual as a share of what was billed of the item; the lower bound of both counts."""
    late_days: int | None
    """Days after the last day of a discount on which it may still be taken; of ``discount_late`` alone."""
    overpayment: OverpaymentUse
    account: str | None
    """Account of the ledger for what was paid too little, and ``income_account`` for what was paid too much."""
    income_account: str | None
    debtor_id: str | None
    segment: str | None
    tag: str | None
    valid_from: date


class InvoiceResidualClosed(Event, frozen=True, kw_only=True):
    """The rest of a paid invoice is within a tolerance: it is closed, as if paid with the last of the funds.

    The creditor waives it from that day on (C. civ. 1350): late-payment interest of earlier days stays. It is no price
    reduction that a document states to the customer, so the VAT of the invoice stays (CGI 272-1; 289 I-5).
    """

    TYPE: ClassVar[str] = "invoice.residual_closed"
    residual_id: str
    invoice_id: str
    customer_id: str
    currency: str
    amount_minor: int
    reason: ResidualReason
    policy_code: str
    policy_version: int
    cap_minor: int
    """Highest residual of this item by that version of the tolerance."""
    account: str | None
    payment_id: str
    allocation_id: str
    """The allocation whose funds were the last to be available."""
    received_on: date
    """Day on which they were."""
    instructed: bool
    """The user gave the reason; else it follows from the payment."""
    evidence: str
    basis: str


class InvoiceResidualReopened(Event, frozen=True, kw_only=True):
    """A closed residual is owed again from the original due date: a payment left, or the rest is paid."""

    TYPE: ClassVar[str] = "invoice.residual_reopened"
    residual_id: str
    invoice_id: str
    customer_id: str
    currency: str
    amount_minor: int
    reason: ResidualReason
    account: str | None
    payment_id: str
    cause: ReopeningCause


class PaymentResidualClosed(Event, frozen=True, kw_only=True):
    """The unapplied rest of a payment is within a tolerance that makes it income: the customer paid too much by it."""

    TYPE: ClassVar[str] = "payment.residual_closed"
    residual_id: str
    payment_id: str
    customer_id: str
    currency: str
    amount_minor: int
    reason: ResidualReason
    policy_code: str
    policy_version: int
    cap_minor: int
    """Highest amount of this payment by that version of the tolerance."""
    account: str | None
    evidence: str
    basis: str


class PaymentResidualReopened(Event, frozen=True, kw_only=True):
    """An overpayment that was income is the customer's unapplied cash again: the payment moved, or it is used."""

    TYPE: ClassVar[str] = "payment.residual_reopened"
    residual_id: str
    payment_id: str
    customer_id: str
    currency: str
    amount_minor: int
    reason: ResidualReason
    account: str | None
    cause: RestorationCause
