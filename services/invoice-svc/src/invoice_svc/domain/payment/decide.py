"""Rules of a payment. Each event has the business date on which it is effective."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import structs

from encours.contracts.common import Conversion
from encours.contracts.events import payment as events
from encours.contracts.events.money.payment import Allocation
from encours.contracts.events.money.residual import ResidualReason
from encours.kernel.errors import FieldError, Invalid, Refusal
from encours.kernel.money import Money
from invoice_svc.domain.invoice.refusals import AmountExceedsOutstanding, InvoiceNotIssued
from invoice_svc.domain.invoice.room import earliest_room
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment import conversion
from invoice_svc.domain.payment.allocation import BASIS, Share
from invoice_svc.domain.payment.commands import Instructed, Instruction, ReceivePayment
from invoice_svc.domain.payment.refusals import (
    AllocationAcrossCustomers,
    AllocationAcrossEntities,
    AllocationNotStanding,
    AmountExceedsUnapplied,
    CreditNoteStays,
    PayerKnown,
    PaymentExists,
    PaymentRefunded,
    PaymentWasReversed,
)
from invoice_svc.domain.payment.state import ActiveAllocation, Payment, PaymentEvent
from invoice_svc.domain.refusals import CurrencyMismatch, DateInFuture

Dated = tuple[date, PaymentEvent]


def receive(state: Payment, command: ReceivePayment, today: date) -> list[Dated]:
    """Record the payment, effective on the day that the funds were available."""
    if state.payment_id:
        raise PaymentExists(
            f"{command.payment_id} is recorded already: {Money(state.amount_minor, state.currency)} received on "
            f"{state.received_on}, reference {state.external_ref or 'none'}.",
        )
    if command.amount_minor <= 0:
        raise Invalid(
            "The amount must be above 0; use /reverse for a payment that the bank returned.", "/amount"
        )
    if command.received_on > today:
        raise DateInFuture(
            f"{command.received_on} is after the ledger's date; use {today} or an earlier one.",
            "/received_on",
        )
    received = events.PaymentReceived(
        payment_id=command.payment_id,
        customer_id=command.customer_id,
        received_on=command.received_on,
        amount_minor=command.amount_minor,
        currency=command.currency,
        method=command.method,
        remittance_text=command.remittance_text,
        external_ref=command.external_ref,
        origin=command.origin,
        charges_minor=command.charges_minor,
        instrument_id=command.instrument_id,
    )
    return [(command.received_on, received)]


def is_repeated(state: Payment, command: ReceivePayment) -> bool:
    """Return whether bank or gateway deliver the payment again: same reference, day and amount, and no other payer."""
    if not state.payment_id or state.reversed_on is not None or command.origin == "import":
        return False
    same_payer = command.customer_id in (None, state.customer_id)
    return same_payer and (state.entity_id, state.received_on, state.amount_minor, state.currency) == (
        command.entity_id, command.received_on, command.amount_minor, command.currency,
    )  # fmt: skip


def identify(state: Payment, customer_id: str) -> list[Dated]:
    """Identify the payer, effective from the receipt; no event if it is known already."""
    require_stands(state)
    if state.customer_id == customer_id:
        return []
    if state.customer_id is not None:
        raise PayerKnown(f"{state.payment_id} belongs to {state.customer_id}; if that is wrong, reassign it.")
    identified = events.PaymentIdentified(
        payment_id=state.payment_id,
        customer_id=customer_id,
        amount_minor=state.left_minor,
        currency=state.currency,
    )
    return [(state.received_on, identified)]


def reassign(state: Payment, customer_id: str, cause: str) -> list[Dated]:
    """Release all allocations and move the money to the customer who paid, from the receipt on.

    Allocations go as of their own days, as the money was never the other customer's. Where earlier ones were released,
    the money moves from then on, and counts from the receipt. No event if it is that customer's already.
    """
    require_stands(state)
    if state.customer_id == customer_id:
        return []
    if state.customer_id is None:
        return identify(state, customer_id)
    if state.credit_note is not None:
        raise CreditNoteStays(f"{state.payment_id} is the money of credit note {state.credit_note.number}.")
    if state.refunded_minor:
        refunded = Money(state.refunded_minor, state.currency)
        raise PaymentRefunded(f"{refunded} of {state.payment_id} was refunded to {state.customer_id}.")
    moved = events.PaymentReassigned(
        payment_id=state.payment_id,
        customer_id=customer_id,
        from_customer_id=state.customer_id,
        received_on=state.received_on,
        amount_minor=state.left_minor,
        currency=state.currency,
        cause=cause,
    )
    return [*release(state, None, state.received_on), (state.unapplied_since, moved)]


def instructions(instructed: Instructed) -> list[Instruction]:
    """Return the caller's instructions. Raises :class:`Invalid` for a repeated invoice."""
    if len({invoice_id for invoice_id, *_ in instructed}) < len(instructed):
        raise Invalid("Name each invoice once.", "/allocations")
    return [Instruction(*each) for each in instructed]


def residuals_asked(instructed: Instructed | None) -> dict[str, ResidualReason]:
    """Return the reasons for which a user wants what is left of invoices to be closed, by invoice."""
    wanted = (Instruction(*each) for each in instructed or ())
    return {each.invoice_id: each.residual for each in wanted if each.residual is not None}


def place(
    state: Payment,
    share: Share,
    invoice: Invoice,
    allocation_id: str,
    not_before: date,
    *,
    is_payer: bool = False,
) -> ActiveAllocation:
    """Return a share as an allocation, effective on the first day on which the invoice can take it.

    What was written off is recovered by it, as far as nothing else is outstanding.

    ``is_payer``: the payment's customer pays for the invoice's. Raises a refusal for another customer, entity or
    currency, a draft, or more than is outstanding.
    """
    _check_invoice(state, share, invoice, is_payer)
    settled = share.settled_minor
    since, recovered = max(not_before, state.received_on), recovered_by(settled, invoice)
    if recovered:
        since = max(since, invoice.written_off_on)
    day = earliest_room(invoice, settled - recovered, since)
    if day is None:
        open_, asked = (
            Money(invoice.outstanding_minor, invoice.currency),
            Money(settled, invoice.currency),
        )
        raise AmountExceedsOutstanding(
            f"{invoice.number} has {open_} outstanding, less than {asked}: reduce this allocation.",
        )
    allocation = Allocation(
        allocation_id=allocation_id,
        invoice_id=share.invoice_id,
        amount_minor=share.amount_minor,
        rule=share.rule,
        basis=BASIS[share.rule],
        evidence=share.evidence,
        settles=share.settles,
        policy=share.policy,
    )
    return ActiveAllocation(allocation, day)


def recovered_by(amount_minor: int, invoice: Invoice) -> int:
    """Return the part of an amount that pays what was written off: above what is outstanding."""
    return min(max(0, amount_minor - invoice.outstanding_minor), invoice.written_off_minor)


def allocate(state: Payment, placed: Sequence[ActiveAllocation]) -> list[Dated]:
    """Allocate the shares, with one event per business date; together at most the unapplied cash."""
    require_stands(state)
    if not placed:
        return []
    assert state.customer_id is not None, "a share belongs to an invoice, and that to a customer"
    asked = sum(standing.allocation.amount_minor for standing in placed)
    if asked > state.unapplied_minor:
        raise AmountExceedsUnapplied(
            f"The allocations add up to {Money(asked, state.currency)}, but {state.payment_id} has "
            f"{Money(state.unapplied_minor, state.currency)} unapplied: reduce them, or release others first.",
        )
    return [
        (
            day,
            events.PaymentAllocated(
                payment_id=state.payment_id,
                customer_id=state.customer_id,
                currency=state.currency,
                allocations=tuple(s.allocation for s in placed if s.effective_on == day),
            ),
        )
        for day in sorted({standing.effective_on for standing in placed})
    ]


def release(state: Payment, allocation_ids: Sequence[str] | None, on: date) -> list[Dated]:
    """Release allocations to unapplied cash from a day on, but not before they took effect."""
    require_stands(state)
    gone = chosen(state, allocation_ids)
    return [
        (
            day,
            events.PaymentReleased(
                payment_id=state.payment_id,
                customer_id=state.customer_id or "",
                currency=state.currency,
                allocations=tuple(s.allocation for s in gone if max(on, s.effective_on) == day),
            ),
        )
        for day in sorted({max(on, standing.effective_on) for standing in gone})
    ]


def rest_of(
    state: Payment, standing: ActiveAllocation, by_minor: int, allocation_id: str, on: date
) -> ActiveAllocation:
    """Return what stays of an allocation that is reduced from a day on, under an id of its own.

    ``by_minor`` is in the invoice's currency.
    """
    whole = standing.allocation
    left, settles = whole.amount_minor - by_minor, whole.settles
    if settles is not None:
        left, settles = conversion.reduced(settles, whole.amount_minor, state.currency, by_minor)
    return _kept(standing, left, settles, allocation_id, on)


def rest_paid(
    standing: ActiveAllocation, left_minor: int, allocation_id: str, on: date
) -> ActiveAllocation | None:
    """Return what stays of an allocation by ``left_minor`` of the payment; ``None`` if that settles nothing."""
    settles = standing.allocation.settles
    if settles is not None:
        settles = conversion.kept(settles, left_minor)
    if left_minor <= 0 or (settles is not None and settles.amount_minor <= 0):
        return None
    return _kept(standing, left_minor, settles, allocation_id, on)


def _kept(
    standing: ActiveAllocation, left_minor: int, settles: Conversion | None, allocation_id: str, on: date
) -> ActiveAllocation:
    rest = structs.replace(
        standing.allocation, allocation_id=allocation_id, amount_minor=left_minor, settles=settles
    )
    return ActiveAllocation(rest, max(on, standing.effective_on))


def require_stands(state: Payment) -> None:
    """Raise :class:`PaymentWasReversed` for a payment that was reversed."""
    if state.reversed_on is not None:
        raise PaymentWasReversed(f"{state.payment_id} was reversed on {state.reversed_on}; record a new one.")


def _check_invoice(state: Payment, share: Share, invoice: Invoice, is_payer: bool) -> None:
    if invoice.document != "issued":
        was = "a draft: issue it first" if invoice.document == "draft" else "cancelled: choose another"
        raise InvoiceNotIssued(f"{share.invoice_id} is {was}.")
    if invoice.entity_id != state.entity_id:
        raise _misplaced(
            AllocationAcrossEntities,
            f"{invoice.number} belongs to entity {invoice.entity_id}, the payment to {state.entity_id}.",
        )
    if invoice.currency != state.currency and share.settles is None:
        raise _misplaced(
            CurrencyMismatch,
            f"{invoice.number} is in {invoice.currency}; choose invoices in {state.currency}, as the payment is.",
        )
    if invoice.customer_id != state.customer_id and not is_payer:
        raise _misplaced(
            AllocationAcrossCustomers,
            f"{invoice.number} belongs to customer {invoice.customer_id}, the payment to {state.customer_id}, "
            "who does not pay for it.",
        )
    if share.amount_minor <= 0:
        raise Invalid("An allocation must be above 0.", "/allocations")


def _misplaced(kind: type[Refusal], detail: str) -> Refusal:
    fault = FieldError("/allocations", "Choose invoices of the payment's entity, customer and currency.")
    return kind(detail, errors=(fault,))


def chosen(state: Payment, allocation_ids: Sequence[str] | None) -> list[ActiveAllocation]:
    """Return allocations in force by their ids, or all. Raises :class:`AllocationNotStanding`."""
    if allocation_ids is None:
        return list(state.allocations)
    by_id = {standing.allocation.allocation_id: standing for standing in state.allocations}
    unknown = [allocation_id for allocation_id in allocation_ids if allocation_id not in by_id]
    if unknown:
        raise AllocationNotStanding(
            f"{unknown[0]} is not in force on {state.payment_id}; GET the payment for those that are.",
        )
    return [by_id[allocation_id] for allocation_id in dict.fromkeys(allocation_ids)]
