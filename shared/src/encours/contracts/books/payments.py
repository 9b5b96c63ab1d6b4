"""Entries of payments, of credit notes without an invoice and of refunds."""

from __future__ import annotations

import msgspec

from encours.contracts.books.entries import PAYER_UNKNOWN, Movement, moves, on_payment
from encours.contracts.events import payment
from encours.contracts.recorded import Recorded


@moves(payment.PaymentReceived, "cash", "account")
def _received(e: Recorded, event: payment.PaymentReceived) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return (on_payment(e, event, "received", event.customer_id, amount, -amount),)


@moves(payment.PaymentIdentified, "cash", "account")
def _identified(e: Recorded, event: payment.PaymentIdentified) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return (
        on_payment(e, event, "identified", PAYER_UNKNOWN, -amount, amount),
        on_payment(e, event, "identified", event.customer_id, amount, -amount),
    )


@moves(payment.PaymentReassigned, "cash", "account")
def _reassigned(e: Recorded, event: payment.PaymentReassigned) -> tuple[Movement, ...]:
    amount = event.amount_minor
    gained = on_payment(e, event, "reassigned", event.customer_id, amount, -amount)
    return (
        on_payment(e, event, "reassigned", event.from_customer_id, -amount, amount),
        msgspec.structs.replace(gained, available_on=event.received_on),
    )


@moves(payment.PaymentReversed, "cash", "account")
def _reversed(e: Recorded, event: payment.PaymentReversed) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return (on_payment(e, event, "reversed", event.customer_id, -amount, amount),)


@moves(payment.PaymentRestored, "cash", "account")
def _restored(e: Recorded, event: payment.PaymentRestored) -> tuple[Movement, ...]:
    # The creditor has had the money since it came, so no day of availability is stated again.
    amount = event.amount_minor
    moved = on_payment(e, event, "restored", event.customer_id, amount, -amount)
    return (msgspec.structs.replace(moved, available_on=None),)


@moves(payment.CreditNoteIssued, "cash", "account")
def _credit_note_issued(e: Recorded, event: payment.CreditNoteIssued) -> tuple[Movement, ...]:
    total = event.total_minor
    moved = on_payment(e, event, "credited", event.customer_id, total, -total)
    return (msgspec.structs.replace(moved, net_minor=-event.net_minor),)


@moves(payment.RefundOrdered, "cash", "account")
def _refund_ordered(e: Recorded, event: payment.RefundOrdered) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return (on_payment(e, event, "refunded", event.customer_id, -amount, amount),)


@moves(payment.RefundReturned, "cash", "account")
def _refund_returned(e: Recorded, event: payment.RefundReturned) -> tuple[Movement, ...]:
    # The creditor has had the money since it came, so no day of availability is stated again.
    amount = event.amount_minor
    moved = on_payment(e, event, "refund_returned", event.customer_id, amount, -amount)
    return (msgspec.structs.replace(moved, available_on=None),)
