"""Entries of residual differences.

They name the payment whose funds were the last: what a tolerance closes counts as paid on their day, so that a
settlement has one date (:mod:`encours.contracts.settlement`), and nothing of it is turnover.
"""

from __future__ import annotations

import msgspec

from encours.contracts.books.entries import Movement, moves, on_invoice, on_payment
from encours.contracts.events import residual
from encours.contracts.recorded import Recorded


@moves(residual.InvoiceResidualClosed, "item", "account")
def _closed(e: Recorded, event: residual.InvoiceResidualClosed) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return on_invoice(e, event, "residual_closed", item_minor=-amount, account_minor=-amount)


@moves(residual.InvoiceResidualReopened, "item", "account")
def _reopened(e: Recorded, event: residual.InvoiceResidualReopened) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return on_invoice(e, event, "residual_reopened", item_minor=amount, account_minor=amount)


@moves(residual.PaymentResidualClosed, "cash", "account")
def _overpayment_closed(e: Recorded, event: residual.PaymentResidualClosed) -> tuple[Movement, ...]:
    amount = event.amount_minor
    return (on_payment(e, event, "residual_closed", event.customer_id, -amount, amount),)


@moves(residual.PaymentResidualReopened, "cash", "account")
def _overpayment_reopened(e: Recorded, event: residual.PaymentResidualReopened) -> tuple[Movement, ...]:
    # The creditor has had the money since it came, so no day of availability is stated again.
    amount = event.amount_minor
    moved = on_payment(e, event, "residual_reopened", event.customer_id, amount, -amount)
    return (msgspec.structs.replace(moved, available_on=None),)
