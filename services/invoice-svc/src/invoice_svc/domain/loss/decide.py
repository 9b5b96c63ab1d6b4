"""Doubtful and lost debts: provision, unrecoverable amount with its VAT relief, and the payment of what was lost.

They are three events, as the law tells them apart. A provision changes no debt. A write-off takes an amount out of the
books (:mod:`invoice_svc.domain.loss.write_off`). Only a definitively unrecoverable debt gives the VAT back, and only
with evidence and the duplicate of the invoice (CGI 272-1; BOI-TVA-DED-40-10-20). VAT that is due on receipt was never
owed without a payment, so nothing of it is relieved. None of them extinguishes the debt: its payment is accepted, and
restores the debt in the books and the VAT that is owed.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from encours.contracts.events.loss import InvoiceProvisioned, InvoiceUnrecoverable, WriteOffRecovered
from encours.contracts.vat_due import VAT_ON_RECEIPTS, vat_due
from encours.kernel.errors import FieldError, Invalid, Refusal
from encours.kernel.money import Money, money_text
from invoice_svc.domain.amounts.sums import RateAmounts, split_credit
from invoice_svc.domain.invoice.checks import (
    money_of,
    require_fits,
    require_issued,
    require_not_before_issue,
    require_not_future,
    require_positive,
)
from invoice_svc.domain.invoice.credit.sums import amounts_of, left_to_credit, shares_of
from invoice_svc.domain.invoice.refusals import AmountExceedsOutstanding, NothingOutstanding
from invoice_svc.domain.invoice.room import room_from
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.legal import rows_of
from invoice_svc.domain.refusals import require_currency


class ProvisionInvoice(Struct, frozen=True):
    """Set the provision: an amount net of VAT, 0 to release it, or with ``None`` the net of all that is outstanding."""

    invoice_id: str
    amount: Money | None
    cause: str
    evidence: str | None = None
    on: date | None = None


class DeclareUnrecoverable(Struct, frozen=True):
    """Declare an amount, or with ``None`` all that is outstanding or written off, definitively lost.

    ``vat_relief``: its VAT is deducted or refunded. ``on`` is today if not given.
    """

    invoice_id: str
    amount: Money | None
    cause: str
    evidence: str | None
    vat_relief: bool = True
    on: date | None = None


class EvidenceRequired(Refusal):
    """VAT is relieved on evidence alone (422)."""

    code = "evidence-required"
    title = "Evidence is required"
    status = 422
    remedy = "Name the evidence, such as a liquidator's certificate, or send vat_relief false."


class VatNotRelievable(Refusal):
    """The VAT of the amount is not known by rate, or was relieved (422)."""

    code = "vat-not-relievable"
    title = "VAT cannot be relieved"
    status = 422
    remedy = "Send vat_relief false, and relieve the VAT by a credit note that states it."


def provision(state: Invoice, command: ProvisionInvoice, on: date, today: date) -> list[InvoiceProvisioned]:
    """Set the provision; no event if it stands so. At most the net of what is outstanding: its VAT can be relieved."""
    require_issued(state, "provisioned")
    require_not_future(on, today, "/on")
    require_not_before_issue(state, on)
    bound = _net_outstanding_minor(state)
    amount_minor = bound
    if command.amount is not None:
        require_currency(command.amount.currency, state.currency, "/amount")
        amount_minor = command.amount.amount_minor
    if amount_minor > bound:
        raise AmountExceedsOutstanding(
            f"{money_of(state, bound)} of {state.number} is outstanding without VAT, less than "
            f"{money_of(state, amount_minor)}: reduce the amount.",
        )
    if amount_minor == state.provisioned_minor:
        return []
    return [
        InvoiceProvisioned(
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            currency=state.currency,
            amount_minor=amount_minor,
            cause=command.cause,
            evidence=command.evidence,
        )
    ]


def provision_in_force_minor(state: Invoice) -> int:
    """Return the provision in minor units: as it was set, at most the net of what is still outstanding."""
    return min(state.provisioned_minor, _net_outstanding_minor(state)) if state.provisioned_minor else 0


def declare_unrecoverable(
    state: Invoice, command: DeclareUnrecoverable, country: str, on: date, today: date
) -> InvoiceUnrecoverable:
    """Declare an amount lost: first of what was written off, then of what is outstanding, which leaves the books.

    ``country`` is the seller's. Relief that was asked for is left out where the VAT was never due.
    """
    require_issued(state, "declared unrecoverable")
    require_not_future(on, today, "/on")
    require_not_before_issue(state, on)
    written_off = state.written_off_minor - state.unrecoverable_minor
    if state.outstanding_minor + written_off == 0:
        raise NothingOutstanding(f"Nothing of {state.number} is outstanding or written off.")
    amount = state.outstanding_minor + written_off
    if command.amount is not None:
        require_currency(command.amount.currency, state.currency, "/amount")
        amount = command.amount.amount_minor
    require_positive(amount)
    before = min(amount, written_off)
    if before and on < state.written_off_on:
        raise Invalid(
            f"The amount was written off on {state.written_off_on}; use that or a later date.", "/on"
        )
    if amount > before:
        require_fits(state, amount - before, room_from(state, on), on)
    never_due = country == VAT_ON_RECEIPTS and vat_due(state.purpose, state.particulars) == "receipt"
    relieves = command.vat_relief and not never_due
    parts = _relief(state, command, amount) if relieves else ()
    net, vat = sum(part.net_minor for part in parts), sum(part.vat_minor for part in parts)
    return InvoiceUnrecoverable(
        invoice_id=state.invoice_id,
        customer_id=state.customer_id,
        currency=state.currency,
        amount_minor=amount,
        written_off_minor=amount - before,
        vat_relief=relieves,
        vat=shares_of(parts),
        net_minor=net if relieves else None,
        vat_minor=vat if relieves else None,
        cause=command.cause,
        evidence=command.evidence,
        duplicate_text=_duplicate_text(country, state.currency, net, vat, on) if relieves else None,
    )


def recover(state: Invoice, payment_id: str, amount_minor: int) -> WriteOffRecovered:
    """Bring back as much of what was lost as is paid: first what has had VAT relief, as that VAT is owed at once."""
    relieved_minor = min(amount_minor, state.relieved_minor)
    parts = (
        split_credit(relieved_minor, [amounts_of(share) for share in state.relieved])
        if relieved_minor
        else ()
    )
    return WriteOffRecovered(
        invoice_id=state.invoice_id,
        customer_id=state.customer_id,
        currency=state.currency,
        payment_id=payment_id,
        amount_minor=amount_minor,
        relieved_minor=relieved_minor,
        vat=shares_of(parts),
    )


def _relief(state: Invoice, command: DeclareUnrecoverable, amount_minor: int) -> tuple[RateAmounts, ...]:
    if not command.evidence:
        raise EvidenceRequired(
            "The VAT of a lost debt is relieved on evidence that it is definitively unrecoverable (CGI 272-1).",
            errors=(FieldError("/evidence", "Name the evidence."),),
        )
    parts = _parts(state, amount_minor)
    if not parts:
        raise VatNotRelievable(f"The VAT of {state.number} is not known by rate, or all of it is credited.")
    return parts


def _net_outstanding_minor(state: Invoice) -> int:
    """Return what is outstanding without the VAT that could be relieved; all of it if that is not known by rate."""
    parts = _parts(state, state.outstanding_minor)
    return max(0, state.outstanding_minor - sum(part.vat_minor for part in parts))


def _parts(state: Invoice, amount_minor: int) -> tuple[RateAmounts, ...]:
    """Return net and VAT by rate of an amount, pro rata to what is neither credited nor relieved, and at most that.

    There are none if they are unknown. Less than the amount is left if a credit note of its own corrects the invoice.
    """
    left = () if state.net_minor is None else left_to_credit(state)
    amount_minor = min(amount_minor, sum(part.net_minor + part.vat_minor for part in left))
    if not left or left[0].rate_bps is None or amount_minor <= 0:
        return ()
    return split_credit(amount_minor, left)


def _duplicate_text(country: str, currency: str, net_minor: int, vat_minor: int, day: date) -> str | None:
    """Return the statement that the law of the seller's country requires on the duplicate, if it requires one."""
    text = None
    for row in rows_of("duplicates.csv"):
        if row["country"] == country and date.fromisoformat(row["valid_from"]) <= day:
            text = row["text"]
    if text is None:
        return None
    # The only statement known is of France, and in French.
    net, vat = (money_text(minor, currency, "fr") for minor in (net_minor, vat_minor))
    return text.format(net=net, vat=vat)
