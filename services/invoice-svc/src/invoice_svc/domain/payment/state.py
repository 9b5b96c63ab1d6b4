"""State of a payment, folded from its events: Σ allocations + unapplied = cash less what was refunded and reversed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, assert_never, cast

from encours.contracts import Recorded
from encours.contracts.common import Origin
from encours.contracts.events import payment as events
from encours.contracts.events.payment import Allocation, Method
from encours.contracts.events.residual import PaymentResidualClosed, PaymentResidualReopened


@dataclass(frozen=True, slots=True)
class ActiveAllocation:
    """An allocation in force, and its business date."""

    allocation: Allocation
    effective_on: date


@dataclass(frozen=True, slots=True)
class Refund:
    """Unapplied cash that is paid back; ``returned_on`` is the day from which it is unapplied again."""

    refund_id: str
    amount_minor: int
    iban: str | None
    cause: str
    ordered_on: date
    sent_on: date | None = None
    evidence: str | None = None
    returned_on: date | None = None


@dataclass(frozen=True, slots=True)
class Reversal:
    """A part of the payment that went back to the payer, or all of it.

    ``on`` is the bank's date; the event counts from ``effective_on``, which may be later.
    """

    event: events.PaymentReversed
    on: date
    effective_on: date

    @property
    def amount_minor(self) -> int:
        """Amount that went back."""
        return self.event.amount_minor


@dataclass(frozen=True, slots=True)
class ClosedOverpayment:
    """Overpayment that became income, and its business date."""

    event: PaymentResidualClosed
    effective_on: date


@dataclass(frozen=True, slots=True)
class Payment:
    """State of a customer's money, for decisions and answers: of a payment, or of a credit note without an invoice.

    Amounts in minor units of ``currency``. ``credit_note`` has the document where the money comes from one.
    """

    payment_id: str = ""
    entity_id: str = ""
    customer_id: str | None = None
    received_on: date = date.min
    amount_minor: int = 0
    currency: str = ""
    method: Method | Literal["credit_note"] = "transfer"
    remittance_text: str | None = None
    external_ref: str | None = None
    origin: Origin = "issued"
    charges_minor: int | None = None
    """Charges that the bank stated to have kept."""
    allocations: tuple[ActiveAllocation, ...] = ()
    released_on: date | None = None
    """The latest business date of a release."""
    reversals: tuple[Reversal, ...] = ()
    refunds: tuple[Refund, ...] = ()
    credit_note: events.CreditNoteIssued | None = None
    overpayment: ClosedOverpayment | None = None
    """Unapplied rest that a tolerance made income."""
    advice_id: str | None = None
    """Remittance advice that says what the payment pays."""

    @property
    def allocated_minor(self) -> int:
        """Amount allocated to invoices."""
        return sum(standing.allocation.amount_minor for standing in self.allocations)

    @property
    def unapplied_minor(self) -> int:
        """Cash that is neither allocated to an invoice, nor refunded, nor reversed, nor income."""
        return self.left_minor - self.allocated_minor - self.overpaid_minor

    @property
    def overpaid_minor(self) -> int:
        """Unapplied rest that a tolerance made income."""
        return self.overpayment.event.amount_minor if self.overpayment else 0

    @property
    def left_minor(self) -> int:
        """Amount that the creditor holds: neither reversed nor refunded."""
        return self.amount_minor - self.reversed_minor - self.refunded_minor

    @property
    def refunded_minor(self) -> int:
        """Amount of the refunds that did not come back."""
        return sum(refund.amount_minor for refund in self.refunds if refund.returned_on is None)

    @property
    def reversed_minor(self) -> int:
        """Amount that went back to the payer."""
        return sum(reversal.amount_minor for reversal in self.reversals)

    @property
    def reversed_on(self) -> date | None:
        """Date of the reversal by the bank after which nothing is left of the payment; ``None`` before."""
        is_whole = self.reversals and self.reversed_minor >= self.amount_minor
        return self.reversals[-1].on if is_whole else None

    @property
    def unapplied_since(self) -> date:
        """Day from which all that is unapplied now was so."""
        returned = (refund.returned_on for refund in self.refunds if refund.returned_on is not None)
        return max([self.received_on, self.released_on or date.min, *returned])


PaymentEvent = (
    events.PaymentReceived
    | events.PaymentIdentified
    | events.PaymentAdvised
    | events.PaymentAllocated
    | events.PaymentReleased
    | events.PaymentReversed
    | events.CreditNoteIssued
    | PaymentResidualClosed
    | PaymentResidualReopened
    | events.RefundOrdered
    | events.RefundSent
    | events.RefundReturned
)


def evolve(state: Payment, recorded: Recorded) -> Payment:
    """Return the payment after one more event."""
    event = cast(PaymentEvent, recorded.data)
    match event:
        case events.PaymentReceived():
            return Payment(
                payment_id=event.payment_id,
                entity_id=recorded.entity,
                customer_id=event.customer_id,
                received_on=event.received_on,
                amount_minor=event.amount_minor,
                currency=event.currency,
                method=event.method,
                remittance_text=event.remittance_text,
                external_ref=event.external_ref,
                origin=event.origin,
                charges_minor=event.charges_minor,
            )
        case events.PaymentIdentified():
            return replace(state, customer_id=event.customer_id)
        case events.PaymentAdvised():
            return replace(state, advice_id=event.advice_id)
        case events.PaymentAllocated():
            more = tuple(
                ActiveAllocation(allocation, recorded.effective_on) for allocation in event.allocations
            )
            return replace(state, allocations=state.allocations + more)
        case events.PaymentReleased():
            gone = {allocation.allocation_id for allocation in event.allocations}
            kept = tuple(s for s in state.allocations if s.allocation.allocation_id not in gone)
            released_on = max(state.released_on or date.min, recorded.effective_on)
            return replace(state, allocations=kept, released_on=released_on)
        case events.PaymentReversed():
            on = recorded.effective_on
            reversal = Reversal(event, event.reversed_on or on, on)
            return replace(state, reversals=(*state.reversals, reversal))
        case events.CreditNoteIssued():
            return Payment(
                payment_id=event.payment_id,
                entity_id=recorded.entity,
                customer_id=event.customer_id,
                received_on=event.issued_on,
                amount_minor=event.total_minor,
                currency=event.currency,
                method="credit_note",
                origin=event.origin,
                credit_note=event,
            )
        case PaymentResidualClosed():
            return replace(state, overpayment=ClosedOverpayment(event, recorded.effective_on))
        case PaymentResidualReopened():
            return replace(state, overpayment=None)
        case events.RefundOrdered():
            refund = Refund(
                event.refund_id, event.amount_minor, event.iban, event.cause, recorded.effective_on
            )
            return replace(state, refunds=(*state.refunds, refund))
        case events.RefundSent():
            return _with_refund(
                state, event.refund_id, sent_on=recorded.effective_on, evidence=event.evidence
            )
        case events.RefundReturned():
            return _with_refund(state, event.refund_id, returned_on=recorded.effective_on)
        case _:
            assert_never(event)


def _with_refund(state: Payment, refund_id: str, **changes: Any) -> Payment:
    refunds = (
        replace(refund, **changes) if refund.refund_id == refund_id else refund for refund in state.refunds
    )
    return replace(state, refunds=tuple(refunds))


def fold_as_of(recorded: Iterable[Recorded], day: date) -> Payment:
    """Return the payment as of a business day; empty before the funds were available.

    The payer has no business date: a payer identified later is the payer from the receipt on.
    """
    state = Payment()
    for event in recorded:
        if event.effective_on <= day or (
            state.payment_id and isinstance(event.data, events.PaymentIdentified)
        ):
            state = evolve(state, event)
    return state
