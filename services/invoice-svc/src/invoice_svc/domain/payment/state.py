"""State of a payment, folded from its events: Σ allocations + unapplied = cash; all zero after a reversal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, assert_never, cast

from encours.contracts import Recorded
from encours.contracts.common import Origin
from encours.contracts.events import payment as events
from encours.contracts.events.payment import Allocation, Method


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
    allocations: tuple[ActiveAllocation, ...] = ()
    released_on: date | None = None
    """The latest business date of a release."""
    reversed_on: date | None = None
    """Date of the reversal by the bank; it may be before the business date of the event."""
    reversal_cause: str | None = None
    refunds: tuple[Refund, ...] = ()
    credit_note: events.CreditNoteIssued | None = None

    @property
    def allocated_minor(self) -> int:
        """Amount allocated to invoices."""
        return sum(standing.allocation.amount_minor for standing in self.allocations)

    @property
    def unapplied_minor(self) -> int:
        """Cash that is neither allocated to an invoice nor refunded."""
        return 0 if self.reversed_on else self.amount_minor - self.allocated_minor - self.refunded_minor

    @property
    def refunded_minor(self) -> int:
        """Amount of the refunds that did not come back."""
        return sum(refund.amount_minor for refund in self.refunds if refund.returned_on is None)


PaymentEvent = (
    events.PaymentReceived
    | events.PaymentIdentified
    | events.PaymentAllocated
    | events.PaymentReleased
    | events.PaymentReversed
    | events.CreditNoteIssued
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
            )
        case events.PaymentIdentified():
            return replace(state, customer_id=event.customer_id)
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
            reversed_on = event.reversed_on or recorded.effective_on
            return replace(state, reversed_on=reversed_on, reversal_cause=event.cause)
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
