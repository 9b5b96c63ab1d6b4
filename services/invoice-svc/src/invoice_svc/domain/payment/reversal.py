"""Reversal of a payment by the bank or the payer: of all of it, or of a part.

What goes back leaves the invoices, which are open again from their original due dates. A part takes first the
allocations that the caller names, else those on invoices in dispute, which a chargeback is about; then unapplied cash;
then the latest allocations. What is left of an allocation stays on its invoice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from encours.contracts.events import payment as events
from encours.kernel.errors import Invalid
from encours.kernel.money import Money
from encours.legal.returns import return_reason
from invoice_svc.domain.payment.commands import ReversePayment
from invoice_svc.domain.payment.decide import Dated, chosen, release
from invoice_svc.domain.payment.refusals import (
    AmountExceedsPayment,
    CreditNoteStays,
    PaymentAlreadyReversed,
    PaymentRefunded,
    ReversalNotFound,
    ReversalRepeated,
)
from invoice_svc.domain.payment.state import ActiveAllocation, Payment, Reversal
from invoice_svc.domain.refusals import require_currency

_SAME_RETURN = timedelta(days=10)
"""Longest time between the day on which a return is recorded by a person or a gateway, and that of its bank line."""


@dataclass(frozen=True, slots=True)
class TakenShare:
    """An allocation that a reversal takes, and the amount of the payment that it takes of it."""

    standing: ActiveAllocation
    amount_minor: int

    @property
    def left_minor(self) -> int:
        """Amount of the payment that stays on the invoice."""
        return self.standing.allocation.amount_minor - self.amount_minor


def taken(state: Payment, command: ReversePayment, disputed: Collection[str]) -> list[TakenShare]:
    """Return the allocations that the reversal takes; ``disputed`` are invoices of the payment in dispute."""
    _require_reversible(state, command)
    left = amount_minor(state, command)
    found: list[TakenShare] = []

    def take(allocations: Sequence[ActiveAllocation]) -> None:
        nonlocal left
        for each in allocations:
            part = min(left, each.allocation.amount_minor)
            if part > 0 and all(each is not before.standing for before in found):
                found.append(TakenShare(each, part))
                left -= part

    in_order = sorted(enumerate(state.allocations), key=lambda pair: (pair[1].effective_on, pair[0]))
    latest = [each for _, each in reversed(in_order)]
    named = chosen(state, command.allocation_ids)
    take(named or [each for each in latest if each.allocation.invoice_id in disputed])
    left -= min(left, state.unapplied_minor)
    take(latest)
    return found


def amount_minor(state: Payment, command: ReversePayment) -> int:
    """Return the amount that goes back. Raises :class:`AmountExceedsPayment` for more than is left of the payment."""
    if command.amount is None:
        return state.left_minor
    require_currency(command.amount.currency, state.currency, "/amount")
    if command.amount.amount_minor <= 0:
        raise Invalid("The amount must be above 0.", "/amount")
    if command.amount.amount_minor > state.left_minor:
        raise AmountExceedsPayment(
            f"{Money(state.left_minor, state.currency)} is left of {state.payment_id}, less than {command.amount}."
        )
    return command.amount.amount_minor


def is_recorded(state: Payment, command: ReversePayment, on: date) -> bool:
    """Return True if the bank or the gateway delivers the reversal again: same reference and amount.

    Raises :class:`ReversalRepeated` for the same reference with another amount, and for the same amount on the same
    day where references do not tell the two apart; or days before or after a bank line, which has its own reference.
    """
    for known in state.standing_reversals:
        same = command.amount is not None and known.amount_minor == command.amount.amount_minor
        whole = command.amount is None and state.reversed_on is not None
        both_named = command.reference is not None and known.event.reference is not None
        if both_named and command.reference == known.event.reference:
            if same or whole:
                return True
            was = Money(known.amount_minor, state.currency)
            raise ReversalRepeated(f"A reversal of {was} has the reference {command.reference}.")
        near = abs(known.on - on) <= (_SAME_RETURN if _one_of_bank(known, command) else timedelta(0))
        if same and near and not (both_named and not _one_of_bank(known, command)):
            raise ReversalRepeated(f"{command.amount} of {state.payment_id} was reversed on {known.on}.")
    return False


def _one_of_bank(known: Reversal, command: ReversePayment) -> bool:
    """Return True if a bank line is the known reversal, and the command is not of a line: references differ then."""
    return known.line_id is not None and command.line_id is None


def unstated(state: Payment, amount_minor: int, on: date, line_id: str) -> Reversal | None:
    """Return the reversal of that amount, recorded days before or after a line, that no other line is."""
    return next(
        (
            each
            for each in state.standing_reversals
            if each.line_id in (None, line_id)
            and each.event.reversal_id is not None
            and each.amount_minor == amount_minor
            and abs(each.on - on) <= _SAME_RETURN
        ),
        None,
    )


def state_line(state: Payment, known: Reversal, line_id: str | None) -> list[Dated]:
    """Record that a line is a reversal, or that it is none any more; no event if that is recorded."""
    if known.line_id == line_id or known.event.reversal_id is None:
        return []
    stated = events.ReversalStated(
        payment_id=state.payment_id,
        customer_id=state.customer_id,
        reversal_id=known.event.reversal_id,
        line_id=line_id,
    )
    return [(known.effective_on, stated)]


def find(state: Payment, reversal_id: str) -> Reversal:
    """Return a reversal of the payment. Raises :class:`ReversalNotFound`."""
    found = next((each for each in state.reversals if each.event.reversal_id == reversal_id), None)
    if found is None:
        raise ReversalNotFound(reversal_id)
    return found


def restore(state: Payment, known: Reversal, cause: str) -> list[Dated]:
    """Restore what a reversal took that was recorded wrongly, from the day it counted; no event if that is done."""
    if known.restored_cause is not None or known.event.reversal_id is None:
        return []
    restored = events.PaymentRestored(
        payment_id=state.payment_id,
        customer_id=state.customer_id,
        reversal_id=known.event.reversal_id,
        amount_minor=known.amount_minor,
        currency=state.currency,
        cause=cause,
    )
    return [(known.effective_on, restored)]


def reverse(state: Payment, command: ReversePayment, took: Sequence[TakenShare], today: date) -> list[Dated]:
    """Release the allocations that the reversal takes, then reverse the cash."""
    on = command.on or today
    if not state.received_on <= on <= today:
        raise Invalid(
            f"A reversal must be dated between the receipt, {state.received_on}, and today, {today}.", "/on"
        )
    released = release(state, [each.standing.allocation.allocation_id for each in took], on)
    # Cash released after the date of the reversal was applied to invoices until its release.
    return [*released, (max(on, state.unapplied_since), _event(state, command, on))]


def _require_reversible(state: Payment, command: ReversePayment) -> None:
    if state.reversed_on is not None:
        raise PaymentAlreadyReversed(f"{state.payment_id} was reversed on {state.reversed_on}.")
    if state.credit_note is not None:
        raise CreditNoteStays(
            f"{state.payment_id} is the money of credit note {state.credit_note.number}, not of a bank."
        )
    if state.refunded_minor and (command.amount is None or not state.left_minor):
        raise PaymentRefunded(
            f"{Money(state.refunded_minor, state.currency)} of {state.payment_id} was refunded to the customer."
        )


def _event(state: Payment, command: ReversePayment, on: date) -> events.PaymentReversed:
    gone = amount_minor(state, command)
    reason = return_reason(command.return_code, on)
    return events.PaymentReversed(
        payment_id=state.payment_id,
        customer_id=state.customer_id,
        amount_minor=gone,
        currency=state.currency,
        cause=command.cause,
        reversed_on=on,
        reversal_id=command.reversal_id,
        kind=command.kind,
        left_minor=state.amount_minor - state.reversed_minor - gone,
        return_code=command.return_code,
        consequence=reason.consequence if reason else None,
        may_retry=reason.may_retry if reason else None,
        claim_until=reason.claim_until(state.received_on) if reason else None,
        reference=command.reference,
        line_id=command.line_id,
        charges_minor=command.charges_minor,
    )
