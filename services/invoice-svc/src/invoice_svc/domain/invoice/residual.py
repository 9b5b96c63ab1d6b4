"""Residual difference of a paid invoice: judged by the tolerances of its debtor, closed, and taken back.

Only what would be left is measured, never the amount of the invoice or of the payment. One residual at most stands on
an invoice, so the sum of its residuals never exceeds the cap however often it is paid, credited or re-opened. A
contested share is never closed, nor anything of an invoice that is written off or on which nothing was paid.
"""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from encours.contracts.events.money.residual import (
    InvoiceResidualClosed,
    InvoiceResidualReopened,
    ReopeningCause,
    ResidualReason,
    ToleranceSet,
)
from encours.kernel.errors import Refusal
from invoice_svc.domain.invoice.checks import money_of
from invoice_svc.domain.invoice.discount import discount_minor
from invoice_svc.domain.invoice.parts import AppliedPayment
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.tolerance.choose import Tolerances, is_bank_charge

BASIS = "tolerance of the entity; waiver: C. civ. 1350; VAT unchanged: CGI 272-1, 289 I-5"


class ResidualAboveTolerance(Refusal):
    """The rest of the invoice exceeds the tolerance for the reason that was given (422)."""

    code = "residual-above-tolerance"
    title = "Residual exceeds the tolerance"
    status = 422
    remedy = "Allocate without a residual, which leaves the rest open, or credit or write it off."


class PaymentFacts(Struct, frozen=True):
    """Facts of the payment whose funds were the last, by which the reason of a residual is found.

    ``charges_minor`` is what other residuals have left of the charges that the bank stated. ``is_foreign``: the payer
    or the currency is of another country than the creditor, so that banks on the way may keep charges.
    ``is_converted``: it was in another currency than the invoice.
    """

    received_on: date
    charges_minor: int | None = None
    is_foreign: bool = False
    is_converted: bool = False


class Residual(Struct, frozen=True):
    """Amount that a tolerance closes; ``cap_minor`` is the highest that it allows of the item."""

    amount_minor: int
    cap_minor: int
    tolerance: ToleranceSet


def closable(
    state: Invoice,
    left_minor: int,
    tolerances: Tolerances,
    facts: PaymentFacts,
    asked: ResidualReason | None = None,
) -> Residual | None:
    """Return the residual that would be closed if a payment left ``left_minor`` of the invoice; ``None`` if it stays.

    Pure. ``tolerances`` are those of the debtor on the day. The first reason that explains the amount counts:
    rounding, a discount taken late, bank charges, exchange. ``asked`` is one that a user gives: its cap alone counts.
    """
    if left_minor <= 0 or state.document != "issued" or state.written_off_minor or state.residual:
        return None
    if state.disputed or state.conceded_minor:
        return None
    reasons = _explaining(state, left_minor, tolerances, facts) if asked is None else [asked]
    for reason in reasons:
        tolerance = tolerances.get(reason)
        if tolerance is not None and left_minor <= (cap := cap_minor(state, tolerance)):
            return Residual(left_minor, cap, tolerance)
    return None


def cap_minor(state: Invoice, tolerance: ToleranceSet) -> int:
    """Return the highest residual of the invoice: the amount, or the share of what is billed if that is lower."""
    if tolerance.share_bps is None:
        return tolerance.cap_minor
    return min(tolerance.cap_minor, state.billed_minor * tolerance.share_bps // 10_000)


def close(
    state: Invoice, found: Residual, last: AppliedPayment, residual_id: str, *, instructed: bool
) -> InvoiceResidualClosed:
    """Close a residual; ``last`` is the payment whose funds were the last to be available."""
    paid = f"{money_of(state, state.paid_minor)} paid of {money_of(state, state.billed_minor)}"
    return InvoiceResidualClosed(
        residual_id=residual_id,
        invoice_id=state.invoice_id,
        customer_id=state.customer_id,
        currency=state.currency,
        amount_minor=found.amount_minor,
        reason=found.tolerance.reason,
        policy_code=found.tolerance.code,
        policy_version=found.tolerance.version,
        cap_minor=found.cap_minor,
        account=found.tolerance.account,
        payment_id=last.payment_id,
        allocation_id=last.allocation_id,
        received_on=last.received_on,
        instructed=instructed,
        evidence=paid,
        basis=BASIS,
    )


def reopen(state: Invoice, cause: ReopeningCause) -> list[InvoiceResidualReopened]:
    """Take the residual back; no event if there is none."""
    closed = state.residual
    if closed is None:
        return []
    return [
        InvoiceResidualReopened(
            residual_id=closed.residual_id,
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            currency=state.currency,
            amount_minor=closed.amount_minor,
            reason=closed.reason,
            account=closed.account,
            payment_id=closed.payment_id,
            cause=cause,
        )
    ]


def require_settled(state: Invoice) -> None:
    """Raise :class:`ResidualAboveTolerance` if no tolerance has closed what a payment left of the invoice."""
    if state.outstanding_minor:
        left = money_of(state, state.outstanding_minor)
        raise ResidualAboveTolerance(f"{left} of {state.number} would be left, and no tolerance closes it.")


def last_payment(state: Invoice) -> AppliedPayment:
    """Return the part of a payment whose funds were the last to be available."""
    return max(state.applied, key=lambda part: part.received_on)


def refusal_of(state: Invoice, asked: ResidualReason, tolerances: Tolerances) -> ResidualAboveTolerance:
    """Return the refusal of a residual that a user asked for, which states what is allowed."""
    left = money_of(state, state.outstanding_minor)
    if state.disputed_minor:
        return ResidualAboveTolerance(
            f"{left} of {state.number} would be left, {money_of(state, state.disputed_minor)} of it contested: "
            "no tolerance closes a contested share."
        )
    tolerance = tolerances.get(asked)
    if tolerance is None:
        return ResidualAboveTolerance(
            f"{left} of {state.number} would be left, and no tolerance for {asked} in {state.currency} applies to its "
            "customer: set one with PUT /v1/tolerances/{code}."
        )
    allowed = money_of(state, cap_minor(state, tolerance))
    return ResidualAboveTolerance(
        f"{left} of {state.number} would be left; tolerance {tolerance.code} (version {tolerance.version}) closes at "
        f"most {allowed}."
    )


def _explaining(
    state: Invoice, left_minor: int, tolerances: Tolerances, facts: PaymentFacts
) -> list[ResidualReason]:
    """Return the reasons that what is known of payment and invoice gives for the amount."""
    found: list[ResidualReason] = ["cent"]
    until, late = state.discount_until, tolerances.get("discount_late")
    if until is not None and late is not None and late.late_days is not None:
        in_days = until < facts.received_on <= until + timedelta(days=late.late_days)
        if in_days and left_minor == discount_minor(state):
            found.append("discount_late")
    if is_bank_charge(left_minor, facts.charges_minor, is_foreign=facts.is_foreign):
        found.append("bank_charge")
    if facts.is_converted:
        found.append("exchange")
    return found
