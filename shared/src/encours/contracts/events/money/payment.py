"""Money in. Stream: the payment id. Appended by invoice-svc. Minor units of the payment's currency."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from encours.contracts.base import Event, Upcaster, Value
from encours.contracts.common import CitedInvoice, Conversion, Line, Origin, ProductShare, VatShare

Method = Literal[
    "transfer", "instant_transfer", "card", "direct_debit", "cheque", "cash", "bill_of_exchange", "promissory_note"
]  # fmt: skip

Imputation = Literal["principal_first", "interest_first"]
"""Without an agreement a payment in part goes to costs and interest first (C. civ. 1343-1)."""
Ranking = Literal["highest_rate"]
"""Interest that the debtor has in discharging a debt before others that are due (C. civ. 1342-10 al. 2)."""


class Allocation(Value, frozen=True, kw_only=True, omit_defaults=True):
    """One part of a payment on one invoice, with the rule that put it there and what the rule rested on."""

    allocation_id: str
    invoice_id: str
    amount_minor: int
    rule: Literal[
        "instructed",
        "debtor_indication",
        "advice",
        "interest_first",
        "highest_rate",
        "oldest_due",
        "pro_rata",
    ]
    basis: str
    """Legal source of the rule, such as ``C. civ. 1342-10``."""
    evidence: str | None
    """The words or the number that it was read from."""
    settles: Conversion | None = None
    """Amount that it settles of an invoice in another currency than the payment's."""
    policy: str | None = None
    """Allocation policy from which the place in the order of the law followed: ``default``, or its id and first day."""

    @property
    def settled_minor(self) -> int:
        """Amount that it settles, in the invoice's currency."""
        return self.amount_minor if self.settles is None else self.settles.amount_minor


class PaymentReceived(Event, frozen=True, kw_only=True, omit_defaults=True):
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
    charges_minor: int | None = None
    """Charges that the bank states to have kept of the payment."""
    instrument_id: str | None = None
    """Cheque, bill or note that was paid."""


class PaymentIdentified(Event, frozen=True, kw_only=True):
    """The payer of a payment that came without a known customer."""

    TYPE: ClassVar[str] = "payment.identified"
    payment_id: str
    customer_id: str
    amount_minor: int
    """Amount that was neither refunded nor reversed: it moves to this customer's account."""
    currency: str


class PaymentReassigned(Event, frozen=True, kw_only=True):
    """The money was another customer's all the time: it moves to that account. Its allocations were released before."""

    TYPE: ClassVar[str] = "payment.reassigned"
    payment_id: str
    customer_id: str
    """The customer who paid."""
    from_customer_id: str
    """The customer to whose account it was booked."""
    received_on: date
    """Day from which the money counts for the customer who paid."""
    amount_minor: int
    """Amount that was not reversed."""
    currency: str
    cause: str


class PaymentAllocated(Event, frozen=True, kw_only=True):
    """Parts of the payment settle invoices."""

    TYPE: ClassVar[str] = "payment.allocated"
    payment_id: str
    customer_id: str
    currency: str
    allocations: tuple[Allocation, ...]


class PaymentAdvised(Event, frozen=True, kw_only=True):
    """A remittance advice of the payer says what the payment pays."""

    TYPE: ClassVar[str] = "payment.advised"
    payment_id: str
    customer_id: str | None
    advice_id: str


class PaymentReleased(Event, frozen=True, kw_only=True):
    """Allocations are taken back: their amounts are unapplied cash again."""

    TYPE: ClassVar[str] = "payment.released"
    payment_id: str
    customer_id: str
    currency: str
    allocations: tuple[Allocation, ...]


ReversalKind = Literal[
    "returned_debit", "bounced_cheque", "unpaid_bill", "chargeback", "recall", "wrong_booking", "other"
]  # fmt: skip
"""Ways in which a payment is reversed. A wrong booking is one of the creditor's own, such as an undone match."""

ReturnConsequence = Literal[
    "insufficient_funds",
    "account_wrong",
    "account_closed",
    "account_blocked",
    "debits_barred",
    "mandate_void",
    "debtor_claim",
    "debtor_refusal",
    "debtor_deceased",
    "recalled",
    "not_stated",
    "technical",
]
"""Meaning of a bank's reason code for the collection (``encours/legal/returns.toml``)."""


def _reversed_v3(fields: dict[str, Any]) -> dict[str, Any]:
    absent = ("reversal_id", "kind", "return_code", "consequence", "may_retry", "claim_until", "reference")
    return fields | dict.fromkeys((*absent, "line_id", "charges_minor")) | {"left_minor": 0}


class PaymentReversed(Event, frozen=True, kw_only=True):
    """The payment, or a part of it, went back to the payer (returned debit, bounced cheque, chargeback, recall).

    ``amount_minor`` went back; in versions 1 and 2 it is always the whole payment. The allocations that it takes go
    back in ``payment.released`` before it; what stays of one is allocated again after it.
    """

    TYPE: ClassVar[str] = "payment.reversed"
    VERSION: ClassVar[int] = 3
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {
        1: lambda fields: fields | {"reversed_on": None},
        2: _reversed_v3,
    }
    payment_id: str
    customer_id: str | None
    amount_minor: int
    currency: str
    cause: str
    reversed_on: date | None
    """The bank's date. The event counts later if the cash was on invoices after that day. ``None`` in version 1,
    which did not keep it."""
    reversal_id: str | None
    kind: ReversalKind | None
    left_minor: int
    """Amount of the payment that was not reversed; 0 if all of it was."""
    return_code: str | None
    """The bank's reason, such as ``MD06`` (ISO 20022 ExternalReturnReason1Code)."""
    consequence: ReturnConsequence | None
    may_retry: bool | None
    """The same collection may succeed if it is presented again."""
    claim_until: date | None
    """Last day on which the debtor could demand the money back from the bank, where the reason is such a claim."""
    reference: str | None
    """The bank's or the gateway's reference of the return."""
    line_id: str | None
    """Bank line that was the return."""
    charges_minor: int | None
    """Charges of the bank for the return. They are no debt of the debtor."""


class PaymentRestored(Event, frozen=True, kw_only=True):
    """A reversal was recorded wrongly: its amount is unapplied cash of the payment again, from the day it counted."""

    TYPE: ClassVar[str] = "payment.restored"
    payment_id: str
    customer_id: str | None
    reversal_id: str
    amount_minor: int
    currency: str
    cause: str


class ReversalStated(Event, frozen=True, kw_only=True):
    """A bank line is a reversal that was recorded before; with ``line_id`` ``None`` no line is it any more."""

    TYPE: ClassVar[str] = "payment.reversal_stated"
    payment_id: str
    customer_id: str | None
    reversal_id: str
    line_id: str | None


class PaymentStated(Event, frozen=True, kw_only=True):
    """A bank line is a payment that was recorded before; with ``line_id`` ``None`` no line is it any more.

    The line has its own event. By this one the append refuses a second line that is linked to the payment at once.
    """

    TYPE: ClassVar[str] = "payment.stated"
    payment_id: str
    customer_id: str | None
    line_id: str | None


class CreditNoteIssued(Event, frozen=True, kw_only=True):
    """A credit note [avoir] without an invoice, such as a rebate on turnover: the customer is in credit.

    Its total is money of the customer as the unapplied cash of a payment is, and is allocated or refunded as that.
    The payment's id has the digits of the credit note's.
    """

    TYPE: ClassVar[str] = "payment.credit_note_issued"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: lambda fields: fields}
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
    products: tuple[ProductShare, ...] = ()
    """Empty where no line states a product or a cost. Not kept in version 1."""


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


class AllocationPolicySet(Event, frozen=True, kw_only=True):
    """Payments that are received from a day on are allocated by this policy, until a later one.

    Stream: the id of the policies, one for each entity.
    """

    TYPE: ClassVar[str] = "allocation_policy.set"
    allocation_policy_id: str
    entity_id: str
    debtor_id: str | None
    """Customer whose terms it is; ``None``: every customer without a policy of its own."""
    imputation: Imputation
    ranking: tuple[Ranking, ...]
    """In order; debts that are equal by all of it are settled by age."""
    valid_from: date
