"""State of a payment, folded from its events: Σ allocations + unapplied = cash less what was refunded and reversed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, assert_never, cast
from uuid import UUID

from msgspec import structs

from encours.contracts import Recorded
from encours.contracts.common import Origin
from encours.contracts.events import payment as events
from encours.contracts.events.money.payment import Allocation, Method
from encours.contracts.events.money.residual import PaymentResidualClosed, PaymentResidualReopened


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

    ``on`` is the bank's date; the event counts from ``effective_on``, which may be later. ``taken`` are the allocations
    that it took, less what stayed on the invoices. ``restored_cause`` is set if it was recorded wrongly.
    """

    event: events.PaymentReversed
    on: date
    effective_on: date
    command_id: UUID
    taken: tuple[Allocation, ...] = ()
    line_id: str | None = None
    restored_cause: str | None = None

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
    last_release: tuple[UUID, tuple[Allocation, ...]] | None = None
    """Command that released last, and what it released."""
    reversals: tuple[Reversal, ...] = ()
    refunds: tuple[Refund, ...] = ()
    credit_note: events.CreditNoteIssued | None = None
    overpayment: ClosedOverpayment | None = None
    """Unapplied rest that a tolerance made income."""
    advice_id: str | None = None
    """Remittance advice that says what the payment pays."""
    line_id: str | None = None
    """Bank line that was linked to the payment after it was recorded."""
    instrument_id: str | None = None
    """Cheque, bill or note that was paid."""

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
        return sum(reversal.amount_minor for reversal in self.standing_reversals)

    @property
    def standing_reversals(self) -> tuple[Reversal, ...]:
        """Reversals that were not recorded wrongly."""
        return tuple(each for each in self.reversals if each.restored_cause is None)

    @property
    def reversed_on(self) -> date | None:
        """Date of the reversal by the bank after which nothing is left of the payment; ``None`` before."""
        standing = self.standing_reversals
        return standing[-1].on if standing and self.reversed_minor >= self.amount_minor else None

    @property
    def unapplied_since(self) -> date:
        """Day from which all that is unapplied now was so."""
        returned = (refund.returned_on for refund in self.refunds if refund.returned_on is not None)
        return max([self.received_on, self.released_on or date.min, *returned])


PaymentEvent = (
    events.PaymentReceived
    | events.PaymentIdentified
    | events.PaymentReassigned
    | events.PaymentAdvised
    | events.PaymentAllocated
    | events.PaymentReleased
    | events.PaymentReversed
    | events.PaymentRestored
    | events.ReversalStated
    | events.PaymentStated
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
                instrument_id=event.instrument_id,
            )
        case events.PaymentIdentified():
            return replace(state, customer_id=event.customer_id)
        case events.PaymentReassigned():
            return replace(state, customer_id=event.customer_id, advice_id=None)
        case events.PaymentAdvised():
            return replace(state, advice_id=event.advice_id)
        case events.PaymentAllocated():
            more = tuple(
                ActiveAllocation(allocation, recorded.effective_on) for allocation in event.allocations
            )
            return _with_rest(replace(state, allocations=state.allocations + more), recorded, event)
        case events.PaymentReleased():
            gone = {allocation.allocation_id for allocation in event.allocations}
            kept = tuple(s for s in state.allocations if s.allocation.allocation_id not in gone)
            released_on = max(state.released_on or date.min, recorded.effective_on)
            before = state.last_release
            same = before[1] if before is not None and before[0] == recorded.command_id else ()
            last = (recorded.command_id, (*same, *event.allocations))
            return replace(state, allocations=kept, released_on=released_on, last_release=last)
        case events.PaymentReversed():
            on = recorded.effective_on
            before = state.last_release
            same = before[1] if before is not None and before[0] == recorded.command_id else ()
            reversal = Reversal(
                event, event.reversed_on or on, on, recorded.command_id, tuple(same), event.line_id
            )
            return replace(state, reversals=(*state.reversals, reversal))
        case events.PaymentRestored():
            return _with_reversal(state, event.reversal_id, restored_cause=event.cause)
        case events.ReversalStated():
            return _with_reversal(state, event.reversal_id, line_id=event.line_id)
        case events.PaymentStated():
            return replace(state, line_id=event.line_id)
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


def _with_reversal(state: Payment, reversal_id: str, **changes: Any) -> Payment:
    return replace(
        state,
        reversals=tuple(
            replace(each, **changes) if each.event.reversal_id == reversal_id else each
            for each in state.reversals
        ),
    )


def _with_rest(state: Payment, recorded: Recorded, event: events.PaymentAllocated) -> Payment:
    """Return the payment with what a reversal took reduced by what it left on the invoices in the same command.

    A part of an allocation to an invoice in another currency is not kept: it has no rounding of its own.
    """
    if not state.reversals or state.reversals[-1].command_id != recorded.command_id:
        return state
    left = {each.invoice_id: each.amount_minor for each in event.allocations}
    last = state.reversals[-1]
    taken = []
    for each in last.taken:
        part = min(each.amount_minor, left.pop(each.invoice_id, 0))
        if not part:
            taken.append(each)
        elif part < each.amount_minor and each.settles is None:
            taken.append(structs.replace(each, amount_minor=each.amount_minor - part))
    return replace(state, reversals=(*state.reversals[:-1], replace(last, taken=tuple(taken))))


def _with_refund(state: Payment, refund_id: str, **changes: Any) -> Payment:
    refunds = (
        replace(refund, **changes) if refund.refund_id == refund_id else refund for refund in state.refunds
    )
    return replace(state, refunds=tuple(refunds))


def fold_as_of(recorded: Iterable[Recorded], day: date) -> Payment:
    """Return the payment as of a business day; empty before the funds were available.

    The payer has no business date: one who is identified later, or to whom it is moved, is the payer from the receipt
    on.
    """
    state = Payment()
    for event in recorded:
        if event.effective_on <= day or (
            state.payment_id and isinstance(event.data, events.PaymentIdentified | events.PaymentReassigned)
        ):
            state = evolve(state, event)
    return state
