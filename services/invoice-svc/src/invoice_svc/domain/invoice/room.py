"""Room of an invoice for an amount, by business date, and its citation by another document."""

from __future__ import annotations

from datetime import date

from encours.contracts.common import CitedInvoice
from invoice_svc.domain.invoice.state import Invoice


def cited_as(invoice: Invoice) -> CitedInvoice:
    """Return an issued invoice as another document cites it."""
    assert invoice.number is not None, "an issued invoice has a number"
    assert invoice.issued_on is not None, "and a date"
    return CitedInvoice(
        invoice_id=invoice.invoice_id, invoice_number=invoice.number, issued_on=invoice.issued_on
    )


def room_from(state: Invoice, day: date) -> int:
    """The least that is outstanding on any day from this one on, by business dates.

    An event dated in the past must leave the outstanding at or above zero on every later day too, or the balance
    of such a day would be negative when asked for.
    """
    days = sorted({day, *(m.effective_on for m in state.movements if m.effective_on > day)})
    return min(outstanding_on(state, each) for each in days)


def earliest_room(state: Invoice, amount_minor: int, not_before: date) -> date | None:
    """The first day from which the invoice can take the amount for good; ``None`` if it cannot today either."""
    days = sorted({not_before, *(m.effective_on for m in state.movements if m.effective_on > not_before)})
    return next((day for day in days if room_from(state, day) >= amount_minor), None)


def outstanding_on(state: Invoice, day: date) -> int:
    """Amount still owed on a day, by all that is booked."""
    return sum(movement.amount_minor for movement in state.movements if movement.effective_on <= day)
