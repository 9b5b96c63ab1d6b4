"""Remittance advices [avis de paiement]: what a debtor says that a transfer pays. Appended by invoice-svc.

Stream: the advice. Amounts are minor units of the advice's currency. None of these events
moves money: what an advice allocates stands in the stream of the payment.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.events.sales.dispute import Category

AdviceFormat = Literal["json", "csv", "email", "camt", "remt"]
DifferenceKind = Literal[
    "document_unknown",
    "not_payable",
    "outstanding_less",
    "cash_short",
    "credit_unavailable",
    "allocated_otherwise",
    "amount",
]


class AdvisedDeduction(Value, frozen=True, kw_only=True):
    """An amount that the debtor keeps back of a document, above 0."""

    amount_minor: int
    code: str | None
    """Reason code as the debtor writes it."""
    category: Category | None
    """Category that the creditor has mapped the code to; ``None`` for a code that is not mapped."""
    text: str | None


class AdvisedItem(Value, frozen=True, kw_only=True):
    """A document of the advice: an invoice that is paid, or a credit note that is netted.

    ``amount_minor`` is what is paid of it after deductions; below 0 for a credit note. The ids are of the document that
    ``written`` meant when the advice came; for a credit note ``invoice_id`` is the invoice that it corrects.
    """

    written: str | None
    invoice_id: str | None
    credit_note_id: str | None
    amount_minor: int
    deductions: tuple[AdvisedDeduction, ...]


class AdviceReceived(Event, frozen=True, kw_only=True):
    """A debtor has said what a transfer pays. The amounts of the items add up to the total."""

    TYPE: ClassVar[str] = "remittance_advice.received"
    advice_id: str
    customer_id: str | None
    payer_name: str | None
    payer_account: str | None
    reference: str | None
    """Reference of the transfer or of the advice, as the debtor gives it."""
    currency: str
    total_minor: int
    announced_on: date
    expected_on: date | None
    """Day on which the debtor says that it pays."""
    expires_on: date
    """Last day on which a payment is joined."""
    items: tuple[AdvisedItem, ...]
    format: AdviceFormat
    content_sha256: str


class AdvisedShare(Value, frozen=True, kw_only=True):
    """A part of an item that was settled, from which payment. Items count from 1."""

    item: int
    invoice_id: str
    payment_id: str
    amount_minor: int


class AdviceDifference(Value, frozen=True, kw_only=True):
    """Difference between what was announced and settled; of the advice as a whole where there is no ``item``."""

    item: int | None
    kind: DifferenceKind
    announced_minor: int
    settled_minor: int


class AdviceJoined(Event, frozen=True, kw_only=True):
    """The money came: the advice says what this payment pays."""

    TYPE: ClassVar[str] = "remittance_advice.joined"
    advice_id: str
    customer_id: str | None
    payment_id: str
    currency: str
    settled_minor: int
    shares: tuple[AdvisedShare, ...]
    differences: tuple[AdviceDifference, ...]


class AdviceSeparated(Event, frozen=True, kw_only=True):
    """The payment was reversed: the advice waits for its money again."""

    TYPE: ClassVar[str] = "remittance_advice.separated"
    advice_id: str
    customer_id: str | None
    payment_id: str
    cause: str


class AdviceWithdrawn(Event, frozen=True, kw_only=True):
    """The advice no longer counts."""

    TYPE: ClassVar[str] = "remittance_advice.withdrawn"
    advice_id: str
    customer_id: str | None
    cause: str
