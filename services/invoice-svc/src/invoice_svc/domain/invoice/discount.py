"""Early-payment discount [escompte] of the invoice's terms, taken with a payment in time.

Nobody has to ask for it: an invoice whose debt less the discount is paid by its last day is settled, and the rest was
never owed, whether its last payment, the reversal of another one or the end of a dispute has left that. A payment that
is late, or a cent short, leaves the rest open: a discount is no tolerance. It is granted on what credit notes on the
invoice have left of its total, VAT included, rounded half up, and is at most what rebates have left of that; its VAT is
split over the rates as that of a credit note (CGI 267 II-1°, 272-1).
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from encours.contracts.events.invoice import EarlyDiscountTaken, EarlyDiscountWithdrawn
from encours.kernel.money import div_half_up
from invoice_svc.domain.amounts.sums import split_credit
from invoice_svc.domain.invoice.checks import money_of
from invoice_svc.domain.invoice.credit.sums import left_to_credit, shares_of
from invoice_svc.domain.invoice.parts import AppliedPayment
from invoice_svc.domain.invoice.state import Invoice

BASIS = "terms of the invoice; VAT: CGI 267 II-1°, 272-1"

Withdrawal = Literal["released", "reversed", "credited"]


def discount_minor(state: Invoice) -> int:
    """Return the discount on what credit notes on the invoice have left of it; 0 without one in its terms."""
    if state.terms is None or state.terms.discount is None or state.discount_until is None:
        return 0
    discount = div_half_up(state.billed_minor * state.terms.discount.rate_bps, 10_000)
    return max(0, min(discount, state.creditable_minor))


def price_minor(state: Invoice, received_on: date) -> int:
    """Return the amount with which funds of that day settle the invoice: what is outstanding, less an open discount.

    A discount is open until its last day, unless another payment came after it, it was taken already, or a part is in
    dispute or written off.
    """
    outstanding = state.outstanding_minor
    days = (received_on, *(part.received_on for part in state.applied))
    if state.discount_until is None or state.discount is not None or max(days) > state.discount_until:
        return outstanding
    if state.disputed_minor or state.written_off_minor or outstanding <= discount_minor(state):
        return outstanding
    return outstanding - discount_minor(state)


def short_of_price_minor(state: Invoice) -> int:
    """Return what payments in time lack to the price of the invoice; 0 if they settle no discount by it."""
    amount, until = discount_minor(state), state.discount_until
    if not amount or until is None or not state.applied or state.discount is not None:
        return 0
    if state.written_off_minor or max(part.received_on for part in state.applied) > until:
        return 0
    return max(0, state.outstanding_minor - amount)


def take(state: Invoice, last: AppliedPayment, words: str | None) -> list[EarlyDiscountTaken]:
    """Settle the invoice if what is left of it is the discount, and all payments came in time.

    ``last`` is the payment that completed the price, ``words`` those of its bank text.
    """
    amount = discount_minor(state)
    terms, until = state.terms, state.discount_until
    if not amount or terms is None or terms.discount is None or until is None:
        return []
    if state.discount is not None or state.outstanding_minor != amount or state.disputed_minor:
        return []
    if state.written_off_minor or max(part.received_on for part in state.applied) > until:
        return []
    parts = split_credit(amount, left_to_credit(state)) if state.net_minor is not None else ()
    paid = f"{money_of(state, state.paid_minor)} paid of {money_of(state, state.billed_minor)}"
    return [
        EarlyDiscountTaken(
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            currency=state.currency,
            amount_minor=amount,
            vat=shares_of(parts),
            net_minor=sum(part.net_minor for part in parts) if parts else None,
            vat_minor=sum(part.vat_minor for part in parts) if parts else None,
            rate_bps=terms.discount.rate_bps,
            discount_until=until,
            received_on=last.received_on,
            payment_id=last.payment_id,
            allocation_id=last.allocation_id,
            evidence=f"{paid}: {words}" if words else paid,
            basis=BASIS,
        )
    ]


def withdraw(state: Invoice, cause: Withdrawal) -> list[EarlyDiscountWithdrawn]:
    """Take the discount back; no event if none was taken."""
    taken = state.discount
    if taken is None:
        return []
    return [
        EarlyDiscountWithdrawn(
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            currency=state.currency,
            amount_minor=taken.amount_minor,
            vat=taken.vat,
            net_minor=taken.net_minor,
            vat_minor=taken.vat_minor,
            payment_id=taken.payment_id,
            cause=cause,
        )
    ]
