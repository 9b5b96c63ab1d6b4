"""Money in. Stream: the payment id. Appended by invoice-svc. Minor units of the payment's currency."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Upcaster, Value
from encours.contracts.common import CitedInvoice, Conversion, Line, Origin, VatShare

Method = Literal["transfer", "instant_transfer", "card", "direct_debit", "cheque", "cash"]


class Allocation(Value, frozen=True, kw_only=True, omit_defaults=True):
    """One part of a payment on one invoice, with the rule that put it there and what the rule rested on."""

    allocation_id: str
    invoice_id: str
    amount_minor: int
    rule: Literal["instructed", "debtor_indication", "oldest_due"]
    basis: str
    """Legal source of the rule, such as ``C. civ. 1342-10``."""
    evidence: str | None
    """The words or the number that it was read from."""
    settles: Conversion | None = None
    """Amount that it settles of an invoice in another currency than the payment's."""

    @property
    def settled_minor(self) -> int:
        """Amount that it settles, in the invoice's currency."""
        return self.amount_minor if self.settles is None else self.settles.amount_minor


class PaymentReceived(Event, frozen=True, kw_only=True):
    """Funds are available. What no invoice takes stays unapplied cash of the customer."""

    TYPE: ClassVar[str] = "payment.received"
    payment_id: str
    customer_id: str | None
    received_on: date
    amount_minor: int
    currency: str
    method: Method
    remittance_text: str | None
    external_ref: str | None
    origin: Origin


class PaymentIdentified(Event, frozen=True, kw_only=True):
    """The payer of a payment that came without a known customer."""

    TYPE: ClassVar[str] = "payment.identified"
    payment_id: str
    customer_id: str
    amount_minor: int
    """The whole payment, as received: all of it moves to this customer's account."""
    currency: str


class PaymentAllocated(Event, frozen=True, kw_only=True):
    """Parts of the payment settle invoices."""

    TYPE: ClassVar[str] = "payment.allocated"
    payment_id: str
    customer_id: str
    currency: str
    allocations: tuple[Allocation, ...]


class PaymentReleased(Event, frozen=True, kw_only=True):
    """Allocations are taken back: their amounts are unapplied cash again."""

    TYPE: ClassVar[str] = "payment.released"
    payment_id: str
    customer_id: str
    currency: str
    allocations: tuple[Allocation, ...]


class PaymentReversed(Event, frozen=True, kw_only=True):
    """The payment is reversed as a whole (returned debit, bounced cheque, recall).

    ``amount_minor`` is the whole payment; the allocations go back in ``payment.released`` before it.
    """

    TYPE: ClassVar[str] = "payment.reversed"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: lambda fields: fields | {"reversed_on": None}}
    payment_id: str
    customer_id: str | None
    amount_minor: int
    currency: str
    cause: str
    reversed_on: date | None
    """The bank's date. The event counts later if the cash was on invoices after that day. ``None`` in version 1,
    which did not keep it."""


class CreditNoteIssued(Event, frozen=True, kw_only=True):
    """A credit note [avoir] without an invoice, such as a rebate on turnover: the customer is in credit.

    Its total is money of the customer as the unapplied cash of a payment is, and is allocated or refunded as that.
    The payment's id has the digits of the credit note's.
    """

    TYPE: ClassVar[str] = "payment.credit_note_issued"
    payment_id: str
    credit_note_id: str
    customer_id: str
    number: str
    series: str
    issued_on: date
    currency: str
    lines: tuple[Line, ...]
    vat: tuple[VatShare, ...]
    net_minor: int
    vat_minor: int
    total_minor: int
    cause: str
    period_from: date | None
    period_until: date | None
    """First and last day of the period whose invoices it corrects as a whole, where it cites none (CGI 272-1)."""
    invoices: tuple[CitedInvoice, ...]
    origin: Origin


class RefundOrdered(Event, frozen=True, kw_only=True):
    """Unapplied cash is to be paid back. From here on it can no longer be allocated."""

    TYPE: ClassVar[str] = "payment.refund_ordered"
    payment_id: str
    refund_id: str
    customer_id: str | None
    amount_minor: int
    currency: str
    iban: str | None
    """Account to which it is paid; ``None`` if it goes back the way it came."""
    cause: str


class RefundSent(Event, frozen=True, kw_only=True):
    """The bank has executed the refund."""

    TYPE: ClassVar[str] = "payment.refund_sent"
    payment_id: str
    refund_id: str
    customer_id: str | None
    amount_minor: int
    currency: str
    evidence: str | None
    """Reference of the bank."""


class RefundReturned(Event, frozen=True, kw_only=True):
    """The refund came back or was stopped: its amount is unapplied cash of the customer again."""

    TYPE: ClassVar[str] = "payment.refund_returned"
    payment_id: str
    refund_id: str
    customer_id: str | None
    amount_minor: int
    currency: str
    cause: str
