"""Refund of unapplied cash: ordered, then sent by the bank, or returned. Each is an event of its own.

From the order on the money cannot be allocated any more. A refund that comes back is unapplied cash again.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from encours.contracts.events import payment as events
from encours.kernel.errors import Invalid
from encours.kernel.money import Money
from invoice_svc.domain.invoice.checks import require_not_future
from invoice_svc.domain.payment.decide import require_stands
from invoice_svc.domain.payment.refusals import AmountExceedsUnapplied, RefundIsOver, RefundNotFound
from invoice_svc.domain.payment.state import Payment, Refund
from invoice_svc.domain.refusals import require_currency


class OrderRefund(Struct, frozen=True):
    """Pay unapplied cash back: an amount, or with ``None`` all of it. ``on`` is today if not given."""

    payment_id: str
    refund_id: str
    amount: Money | None
    cause: str
    iban: str | None = None
    on: date | None = None


class RecordRefundSent(Struct, frozen=True):
    """Record that the bank has executed a refund. ``on`` is today if not given."""

    payment_id: str
    refund_id: str
    evidence: str | None = None
    on: date | None = None


class RecordRefundReturned(Struct, frozen=True):
    """Record that a refund came back or was stopped. ``on`` is today if not given."""

    payment_id: str
    refund_id: str
    cause: str
    on: date | None = None


def order(state: Payment, command: OrderRefund, on: date, today: date) -> list[events.RefundOrdered]:
    """Order a refund of at most what is unapplied, from the day on which all of that was; once under its id."""
    require_stands(state)
    if any(refund.refund_id == command.refund_id for refund in state.refunds):
        return []
    require_not_future(on, today, "/on")
    amount_minor = state.unapplied_minor
    if command.amount is not None:
        require_currency(command.amount.currency, state.currency, "/amount")
        amount_minor = command.amount.amount_minor
    if not 0 < amount_minor <= state.unapplied_minor:
        raise AmountExceedsUnapplied(
            f"{state.payment_id} has {Money(state.unapplied_minor, state.currency)} unapplied; "
            "refund that at most, or release allocations first.",
        )
    if on < state.unapplied_since:
        raise Invalid(
            f"All of the money is unapplied from {state.unapplied_since} on; use that or a later date.",
            "/on",
        )
    return [
        events.RefundOrdered(
            payment_id=state.payment_id,
            refund_id=command.refund_id,
            customer_id=state.customer_id,
            amount_minor=amount_minor,
            currency=state.currency,
            iban=command.iban,
            cause=command.cause,
        )
    ]


def send(state: Payment, command: RecordRefundSent, on: date, today: date) -> list[events.RefundSent]:
    """Record the execution between the order and today; no event if it is recorded already."""
    refund = _refund(state, command.refund_id)
    if refund.returned_on is not None:
        raise RefundIsOver(f"Refund {refund.refund_id} came back on {refund.returned_on}.")
    if refund.sent_on is not None:
        return []
    _require_within(refund, on, today)
    return [
        events.RefundSent(
            payment_id=state.payment_id,
            refund_id=refund.refund_id,
            customer_id=state.customer_id,
            amount_minor=refund.amount_minor,
            currency=state.currency,
            evidence=command.evidence,
        )
    ]


def bring_back(
    state: Payment, command: RecordRefundReturned, on: date, today: date
) -> list[events.RefundReturned]:
    """Record that the money came back between order and today; no event if it is recorded already."""
    refund = _refund(state, command.refund_id)
    if refund.returned_on is not None:
        return []
    _require_within(refund, on, today)
    return [
        events.RefundReturned(
            payment_id=state.payment_id,
            refund_id=refund.refund_id,
            customer_id=state.customer_id,
            amount_minor=refund.amount_minor,
            currency=state.currency,
            cause=command.cause,
        )
    ]


def _refund(state: Payment, refund_id: str) -> Refund:
    found = next((refund for refund in state.refunds if refund.refund_id == refund_id), None)
    if found is None:
        raise RefundNotFound(refund_id)
    return found


def _require_within(refund: Refund, on: date, today: date) -> None:
    since = max(refund.ordered_on, refund.sent_on or date.min)
    if not since <= on <= today:
        raise Invalid(f"Use a date from {since} to today, {today}.", "/on")
