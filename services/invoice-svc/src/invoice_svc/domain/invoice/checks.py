"""Conditions that several rules of an invoice share."""

from __future__ import annotations

from datetime import date

from encours.kernel.errors import Invalid
from encours.kernel.money import Money
from invoice_svc.domain.invoice.refusals import (
    AmountExceedsOutstanding,
    InvoiceNotIssued,
    InvoiceOnPlan,
    IsPenaltyDocument,
)
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.refusals import DateInFuture


def require_issued(state: Invoice, verb: str) -> None:
    """Raise :class:`InvoiceNotIssued` for a draft or a cancelled invoice."""
    if state.document != "issued":
        raise InvoiceNotIssued(
            f"{state.invoice_id} is {'a draft' if state.document == 'draft' else 'cancelled'}: only an issued "
            f"invoice can be {verb}.",
        )


def require_no_penalty(state: Invoice) -> None:
    """Raise :class:`IsPenaltyDocument` for one."""
    if state.purpose == "penalty":
        raise IsPenaltyDocument(f"{state.number} claims penalties for late payment.")


def require_not_future(day: date, today: date, pointer: str) -> None:
    """Raise :class:`DateInFuture` for a day after the ledger's today."""
    if day > today:
        raise DateInFuture(f"{day} is after the ledger's date; use {today} or an earlier one.", pointer)


def require_not_before_issue(state: Invoice, day: date, pointer: str = "/on") -> None:
    """Raise :class:`Invalid` for a business date before the invoice was issued."""
    if state.issued_on is not None and day < state.issued_on:
        raise Invalid(f"{state.number} was issued on {state.issued_on}; use that or a later date.", pointer)


def require_not_planned(state: Invoice) -> None:
    """Raise ``invoice-on-plan`` for an invoice on a plan in force."""
    if state.plan is not None:
        raise InvoiceOnPlan(f"{state.number} is on the payment plan {state.plan.plan_id}.")


def require_fits(state: Invoice, amount_minor: int, room_minor: int, day: date | None) -> None:
    """Raise unless the amount is above 0 and at most ``room_minor``; ``day`` is its business date."""
    require_positive(amount_minor)
    if amount_minor <= room_minor:
        return
    when = f" from {day} on" if day else ""
    first = "reverse its write-off" if state.written_off_minor else "release a payment"
    raise AmountExceedsOutstanding(
        f"{state.number} has {money_of(state, room_minor)} outstanding{when}, less than "
        f"{money_of(state, amount_minor)}: reduce the amount, or {first} first.",
    )


def require_positive(amount_minor: int) -> None:
    """Raise :class:`Invalid` for an amount of 0 or less."""
    if amount_minor <= 0:
        raise Invalid("The amount must be above 0.", "/amount")


def money_of(state: Invoice, amount_minor: int) -> Money:
    """Return an amount in the invoice's currency."""
    return Money(amount_minor, state.currency)
