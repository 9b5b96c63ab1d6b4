"""The rules of a dispute."""

from __future__ import annotations

from datetime import date

from encours.contracts.events import dispute as events
from encours.contracts.events.sales.dispute import Category, Outcome, ResolvedPart
from encours.kernel.errors import Invalid, Refusal
from encours.kernel.money import Money
from invoice_svc.domain.dispute.commands import (
    AssignDispute,
    CommentDispute,
    OpenDispute,
    RaiseDispute,
    ResolveDispute,
)
from invoice_svc.domain.dispute.deadline import Deadline
from invoice_svc.domain.dispute.state import Dispute, DisputeEvent
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.payment.state import Payment
from invoice_svc.domain.refusals import require_currency


class DisputeExists(Refusal):
    """The dispute is open already."""

    code = "dispute-exists"
    title = "Dispute already exists"
    remedy = "GET the dispute."


class DisputeAlreadyResolved(Refusal):
    """The dispute has another resolution already."""

    code = "dispute-resolved"
    title = "Dispute is already resolved"
    remedy = "Open a new dispute that `follows` this one."


class AmountNotContested(Refusal):
    """The amount is above what is still contested, or the parts are not all of it (422)."""

    code = "amount-not-contested"
    title = "Amount is not what is contested"
    status = 422
    remedy = "GET the dispute: `contested` is the amount without an outcome."


def open_dispute(
    state: Dispute,
    command: OpenDispute,
    invoice: Invoice,
    amount_minor: int,
    opened_on: date,
    today: date,
    *,
    category: Category,
    mapped: bool,
    deadline: Deadline,
) -> list[DisputeEvent]:
    """Open the dispute between the issue of the invoice and today."""
    if state.dispute_id:
        raise DisputeExists(f"{command.dispute_id} is open already.")
    if invoice.issued_on is not None and not invoice.issued_on <= opened_on <= today:
        raise Invalid(
            f"A dispute must be dated between the issue, {invoice.issued_on}, and today, {today}.",
            "/opened_on",
        )
    _require_later(deadline.answer_by, opened_on)
    return [
        events.DisputeOpened(
            dispute_id=command.dispute_id,
            invoice_id=command.invoice_id,
            customer_id=invoice.customer_id,
            category=category,
            amount_minor=amount_minor,
            currency=invoice.currency,
            text=command.text,
            owner=deadline.owner,
            kind=command.kind,
            code=command.code,
            code_mapped=mapped,
            answer_by=deadline.answer_by,
            alert_on=deadline.alert_on,
            payment_id=command.payment_id,
            follows=command.follows,
            evidence=command.evidence,
        )
    ]


def require_earlier(earlier: Dispute, invoice_id: str) -> None:
    """Require that a dispute which a new one follows is resolved and on the same invoice."""
    if earlier.invoice_id != invoice_id:
        raise Invalid(f"{earlier.dispute_id} is on {earlier.invoice_id}, not on {invoice_id}.", "/follows")
    if earlier.outcome is None:
        raise Invalid(f"{earlier.dispute_id} is open: go on with it.", "/follows")


def require_short_payment(payment: Payment, invoice_id: str) -> None:
    """Require that a payment from which a deduction was kept is on the invoice."""
    if all(each.allocation.invoice_id != invoice_id for each in payment.allocations):
        raise Invalid(f"{payment.payment_id} is not allocated to {invoice_id}.", "/payment_id")


def assign(state: Dispute, command: AssignDispute, deadline: Deadline) -> list[DisputeEvent]:
    """Set owner and deadline; no event if they are the same."""
    _require_open(state)
    _require_later(command.answer_by, state.opened_on)
    if (state.owner, state.answer_by) == (deadline.owner, deadline.answer_by) and command.text is None:
        return []
    return [
        events.DisputeAssigned(
            dispute_id=state.dispute_id,
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            owner=deadline.owner,
            answer_by=deadline.answer_by,
            alert_on=deadline.alert_on,
            text=command.text,
        )
    ]


def comment(state: Dispute, command: CommentDispute) -> list[DisputeEvent]:
    """Add a remark, also after the end."""
    return [
        events.DisputeCommented(
            dispute_id=state.dispute_id,
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            text=command.text,
            evidence=command.evidence,
        )
    ]


def raise_amount(state: Dispute, command: RaiseDispute, on: date, today: date) -> list[DisputeEvent]:
    """Add to the contested amount of an open dispute."""
    _require_open(state)
    _require_day(state, on, today)
    return [
        events.DisputeRaised(
            dispute_id=state.dispute_id,
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            amount_minor=command.amount_minor,
            open_minor=state.open_minor + command.amount_minor,
            currency=state.currency,
            text=command.text,
        )
    ]


def resolve(
    state: Dispute, command: ResolveDispute, on: date, today: date
) -> list[events.DisputePartResolved | events.DisputeResolved]:
    """Give all that is contested, or a part of it, its outcome.

    Resolving again in the same way changes nothing, in another way is refused.
    """
    if command.credit is not None and command.outcome not in ("credited", "split"):
        raise Invalid("Only an accepted claim has a credit note; use the outcome credited.", "/credit_note")
    if _is_resolved_so(state, command):
        return []
    _require_open(state)
    _require_day(state, on, today)
    amount = state.open_minor if command.amount_minor is None else command.amount_minor
    if command.outcome == "split":
        amount = sum(part.amount_minor for part in command.parts)
    require_currency(command.currency, state.currency, "/amount")
    if amount > state.open_minor or (command.outcome == "split" and amount != state.open_minor):
        raise AmountNotContested(
            f"{Money(state.open_minor, state.currency)} of {state.dispute_id} is contested, "
            f"not {Money(amount, state.currency)}."
        )
    if command.outcome != "split" and amount < state.open_minor:
        return [_part_resolved(state, command.outcome, amount, command.text)]
    return [
        events.DisputeResolved(
            dispute_id=state.dispute_id,
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            outcome=command.outcome,
            amount_minor=amount,
            currency=state.currency,
            text=command.text,
            parts=command.parts,
        )
    ]


def alert(state: Dispute, today: date) -> list[DisputeEvent]:
    """Record that the deadline of an open dispute is near or has passed, once for each deadline."""
    status = state.deadline_status(today)
    if state.answer_by is None or status in ("none", "ahead") or (status, state.answer_by) in state.alerts:
        return []
    kind = events.DisputeDeadlineMissed if status == "missed" else events.DisputeDeadlineNear
    return [
        kind(
            dispute_id=state.dispute_id,
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            answer_by=state.answer_by,
            owner=state.owner,
        )
    ]


def _part_resolved(
    state: Dispute, outcome: Outcome, amount_minor: int, text: str | None
) -> events.DisputePartResolved:
    return events.DisputePartResolved(
        dispute_id=state.dispute_id,
        invoice_id=state.invoice_id,
        customer_id=state.customer_id,
        outcome=outcome,
        amount_minor=amount_minor,
        open_minor=state.open_minor - amount_minor,
        currency=state.currency,
        text=text,
    )


def _is_resolved_so(state: Dispute, command: ResolveDispute) -> bool:
    if state.outcome is None or state.resolved_as != command.outcome:
        return False
    last = tuple(
        ResolvedPart(outcome=part.outcome, amount_minor=part.amount_minor, text=part.text)
        for part in state.parts[len(state.parts) - len(command.parts) :]
    )
    asked = tuple(
        ResolvedPart(outcome=part.outcome, amount_minor=part.amount_minor, text=part.text or command.text)
        for part in command.parts
    )
    return last == asked


def _require_open(state: Dispute) -> None:
    if state.outcome is not None:
        raise DisputeAlreadyResolved(
            f"{state.dispute_id} was resolved as {state.outcome} on {state.resolved_on}; open a new dispute.",
        )


def _require_day(state: Dispute, on: date, today: date) -> None:
    if state.moved_on <= on <= today:
        return
    since = "opening" if state.moved_on == state.opened_on else "last change of the amount"
    raise Invalid(
        f"A resolution must be dated between the {since}, {state.moved_on}, and today, {today}.", "/on"
    )


def _require_later(answer_by: date | None, opened_on: date) -> None:
    if answer_by is not None and answer_by < opened_on:
        raise Invalid(f"The deadline is the day of the opening, {opened_on}, or later.", "/answer_by")
