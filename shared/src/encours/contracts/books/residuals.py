"""Entries of residual differences.

They name the payment whose funds were the last: what a tolerance closes counts as paid on their day, so that a
settlement has one date (:mod:`encours.contracts.settlement`), and nothing of it is turnover.
"""

from __future__ import annotations

from encours.contracts.books.entries import Movement, moves, on_invoice
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
