"""Write-off of an irrecoverable receivable, and its reversal.

A write-off takes the receivable out of the books. It does not extinguish the debt: late-payment interest goes on as
if nothing had happened, until a payment or a credit note reduces the principal.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from encours.contracts.events.loss import InvoiceWrittenOff, WriteOffReversed
from encours.kernel.errors import Refusal
from encours.kernel.money import Money
from invoice_svc.domain.invoice.checks import (
    require_fits,
    require_issued,
    require_not_before_issue,
    require_not_future,
)
from invoice_svc.domain.invoice.refusals import NothingOutstanding
from invoice_svc.domain.invoice.room import room_from
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.refusals import require_currency


class WriteOffInvoice(Struct, frozen=True):
    """Write off an amount, or with ``None`` all that is outstanding. ``on`` is today if not given."""

    invoice_id: str
    amount: Money | None
    cause: str
    evidence: str | None = None
    on: date | None = None


class ReverseWriteOff(Struct, frozen=True):
    """Reverse the whole write-off."""

    invoice_id: str
    cause: str


class NothingWrittenOff(Refusal):
    """The invoice has no write-off that could be reversed."""

    code = "nothing-written-off"
    title = "Invoice has no write-off"
    remedy = "GET the invoice for the amount that is written off."


def write_off(state: Invoice, command: WriteOffInvoice, on: date, today: date) -> InvoiceWrittenOff:
    """Write off at most what is outstanding on the day and on every later one."""
    require_issued(state, "written off")
    require_not_future(on, today, "/on")
    require_not_before_issue(state, on)
    if state.outstanding_minor == 0:
        raise NothingOutstanding(f"{state.number} is settled: nothing is left to write off.")
    amount_minor = state.outstanding_minor
    if command.amount is not None:
        require_currency(command.amount.currency, state.currency, "/amount")
        amount_minor = command.amount.amount_minor
    require_fits(state, amount_minor, room_from(state, on), on)
    return InvoiceWrittenOff(
        invoice_id=state.invoice_id,
        customer_id=state.customer_id,
        currency=state.currency,
        amount_minor=amount_minor,
        cause=command.cause,
        evidence=command.evidence,
    )


def reverse(state: Invoice, command: ReverseWriteOff) -> WriteOffReversed:
    """Reverse the whole amount that is written off."""
    require_issued(state, "written off")
    if not state.written_off_minor:
        raise NothingWrittenOff(f"Nothing of {state.number} is written off.")
    return WriteOffReversed(
        invoice_id=state.invoice_id,
        customer_id=state.customer_id,
        currency=state.currency,
        amount_minor=state.written_off_minor,
        cause=command.cause,
        vat=state.relieved,
    )
