"""Entries of invoices: issue, credit notes, payments, early discounts, shares in dispute, on plan or in hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from encours.contracts.books.entries import (
    PENALISED,
    PENALTY_CREDITED,
    Movement,
    moves,
    on_invoice,
    on_payment,
)
from encours.contracts.events import cover, invoice
from encours.contracts.recorded import Recorded


def _settled(
    e: Recorded, event: Any, kind: str, sign: int, available_on: date | None = None
) -> tuple[Movement, ...]:
    """Return the entries of a payment on an invoice.

    If it is another customer's or in another currency, item and cash are on their own accounts, in their currencies.
    """
    amount, paid = sign * event.amount_minor, event.paid
    if event.payer_id is None and paid is None:
        return (
            Movement(
                kind=kind, entity=e.entity, customer_id=event.customer_id, currency=event.currency,
                effective_on=e.effective_on, invoice_id=event.invoice_id, payment_id=event.payment_id,
                available_on=available_on, item_minor=amount, cash_minor=amount,
            ),
        )  # fmt: skip
    (item,) = on_invoice(e, event, kind, available_on=available_on, item_minor=amount, account_minor=amount)
    used, currency = (amount, event.currency) if paid is None else (sign * paid.amount_minor, paid.currency)
    cash = on_payment(e, event, kind, event.payer_id or event.customer_id, used, -used)
    # The creditor has had the money since it came, so no day of availability is stated again.
    return item, msgspec.structs.replace(cash, available_on=None, currency=currency)


@moves(invoice.InvoiceIssued, "item", "account")
def _issued(e: Recorded, event: invoice.InvoiceIssued) -> tuple[Movement, ...]:
    total, net = event.total_minor, event.net_minor
    kind = "issued" if net is not None else "issued_gross"
    if event.purpose == "penalty":
        kind, net = PENALISED, None
    return (
        Movement(
            kind=kind,
            entity=e.entity, customer_id=event.customer_id, currency=event.currency, effective_on=e.effective_on,
            invoice_id=event.invoice_id, item_minor=total, account_minor=total, owed_minor=total,
            net_minor=net or 0,
        ),
    )  # fmt: skip


@moves(invoice.InvoiceCredited, "item", "contested", "account")
def _credited(e: Recorded, event: invoice.InvoiceCredited) -> tuple[Movement, ...]:
    total, awaited, net = event.total_minor, event.awaited_minor, event.net_minor
    kind = "credited" if net is not None else "credited_gross"
    if event.purpose == "penalty":
        kind, net = PENALTY_CREDITED, None
    return on_invoice(
        e,
        event,
        kind,
        item_minor=-total,
        account_minor=-total,
        net_minor=-(net or 0),
        owed_minor=awaited - total,
        contested_minor=-awaited,
        conceded_minor=-awaited,
    )


@moves(invoice.PaymentApplied, "item", "cash", "account")
def _applied(e: Recorded, event: invoice.PaymentApplied) -> tuple[Movement, ...]:
    return _settled(e, event, "applied", -1, event.received_on)


@moves(invoice.PaymentUnapplied, "item", "cash", "account")
def _unapplied(e: Recorded, event: invoice.PaymentUnapplied) -> tuple[Movement, ...]:
    return _settled(e, event, "unapplied", 1)


@moves(invoice.ShareDisputed, "contested")
def _disputed(e: Recorded, event: invoice.ShareDisputed) -> tuple[Movement, ...]:
    return on_invoice(e, event, "disputed", contested_minor=event.amount_minor)


@moves(invoice.ShareUndisputed, "contested")
def _undisputed(e: Recorded, event: invoice.ShareUndisputed) -> tuple[Movement, ...]:
    ended = on_invoice(e, event, "undisputed", contested_minor=-event.amount_minor)
    if not (awaiting := event.awaiting_credit_minor):
        return ended
    conceded = on_invoice(
        e, event, "conceded", contested_minor=awaiting, conceded_minor=awaiting, owed_minor=-awaiting
    )
    return ended + conceded


@moves(invoice.EarlyDiscountTaken, "item", "account")
def _discount_taken(e: Recorded, event: invoice.EarlyDiscountTaken) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return on_invoice(e, event, "discounted", item_minor=-amount, account_minor=-amount, owed_minor=-amount)


@moves(invoice.EarlyDiscountWithdrawn, "item", "account")
def _discount_withdrawn(e: Recorded, event: invoice.EarlyDiscountWithdrawn) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return on_invoice(
        e, event, "discount_withdrawn", item_minor=amount, account_minor=amount, owed_minor=amount
    )


@moves(invoice.InvoicePlanned, "planned")
def _planned(e: Recorded, event: invoice.InvoicePlanned) -> tuple[Movement, ...]:
    return on_invoice(e, event, "planned", planned_minor=event.amount_minor)


@moves(invoice.InvoiceUnplanned, "planned")
def _unplanned(e: Recorded, event: invoice.InvoiceUnplanned) -> tuple[Movement, ...]:
    return on_invoice(e, event, "unplanned", planned_minor=-event.amount_minor)


@moves(cover.InvoiceCovered, "in_hand")
def _covered(e: Recorded, event: cover.InvoiceCovered) -> tuple[Movement, ...]:
    return on_invoice(e, event, "covered", in_hand_minor=event.amount_minor)


@moves(cover.InvoiceUncovered, "in_hand")
def _uncovered(e: Recorded, event: cover.InvoiceUncovered) -> tuple[Movement, ...]:
    return on_invoice(e, event, "uncovered", in_hand_minor=-event.amount_minor)
