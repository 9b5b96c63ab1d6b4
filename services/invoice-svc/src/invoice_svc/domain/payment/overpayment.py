"""Small overpayment: the unapplied rest of a payment that a tolerance makes income, and its return to the customer.

It is measured on what is left of the payment, once per payment, and only where the payment has settled all that it was
allocated to. A tolerance leaves it unapplied unless it says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts.events.money.residual import (
    PaymentResidualClosed,
    PaymentResidualReopened,
    ResidualReason,
    RestorationCause,
    ToleranceSet,
)
from encours.kernel.money import Money
from invoice_svc.domain.payment.state import Payment
from invoice_svc.domain.tolerance.choose import Tolerances

BASIS = "tolerance of the entity"


@dataclass(frozen=True, slots=True)
class Overpayment:
    """Amount that a tolerance makes income; ``cap_minor`` is the highest that it allows of the payment."""

    amount_minor: int
    cap_minor: int
    tolerance: ToleranceSet


def may_be_closed(state: Payment) -> bool:
    """Return True if something of an allocated payment of a known payer is unapplied."""
    return (
        state.unapplied_minor > 0
        and bool(state.allocations)
        and state.customer_id is not None
        and state.credit_note is None
        and state.overpayment is None
    )


def closable(state: Payment, tolerances: Tolerances) -> Overpayment | None:
    """Return the overpayment that becomes income by the tolerances of the payer; ``None`` if it stays unapplied."""
    reasons: list[ResidualReason] = ["cent"]
    if any(standing.allocation.settles is not None for standing in state.allocations):
        reasons.append("exchange")
    for reason in reasons:
        tolerance = tolerances.get(reason)
        if tolerance is None or tolerance.overpayment != "income":
            continue
        cap = tolerance.cap_minor
        if tolerance.share_bps is not None:
            cap = min(cap, state.amount_minor * tolerance.share_bps // 10_000)
        if state.unapplied_minor <= cap:
            return Overpayment(state.unapplied_minor, cap, tolerance)
    return None


def close(state: Payment, found: Overpayment, residual_id: str) -> PaymentResidualClosed:
    """Make the overpayment income."""
    allocated = Money(state.allocated_minor, state.currency)
    return PaymentResidualClosed(
        residual_id=residual_id,
        payment_id=state.payment_id,
        customer_id=state.customer_id or "",
        currency=state.currency,
        amount_minor=found.amount_minor,
        reason=found.tolerance.reason,
        policy_code=found.tolerance.code,
        policy_version=found.tolerance.version,
        cap_minor=found.cap_minor,
        account=found.tolerance.income_account,
        evidence=f"{allocated} of {Money(state.amount_minor, state.currency)} allocated",
        basis=BASIS,
    )


def reopen(state: Payment, cause: RestorationCause, on: date) -> list[tuple[date, PaymentResidualReopened]]:
    """Return the overpayment to the customer's unapplied cash from a day on; no event if there is none."""
    closed = state.overpayment
    if closed is None:
        return []
    reopened = PaymentResidualReopened(
        residual_id=closed.event.residual_id,
        payment_id=state.payment_id,
        customer_id=closed.event.customer_id,
        currency=state.currency,
        amount_minor=closed.event.amount_minor,
        reason=closed.event.reason,
        account=closed.event.account,
        cause=cause,
    )
    return [(max(on, closed.effective_on), reopened)]
