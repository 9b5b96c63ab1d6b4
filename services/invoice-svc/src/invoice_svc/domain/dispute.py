"""A dispute on an amount of an invoice. The rest stays collectable; no payment closes it; a person resolves it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts import dispute as facts
from encours.contracts.dispute import Category, Outcome
from encours.kernel.errors import Conflict, Invalid, NotFound
from invoice_svc.domain.invoice.state import Invoice


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """The customer contests an amount; ``None`` is all that is outstanding and not contested yet."""

    dispute_id: str
    invoice_id: str
    category: Category
    amount_minor: int | None
    text: str
    owner: str | None
    opened_on: date


@dataclass(frozen=True, slots=True)
class ResolveDispute:
    """How it ended. ``credited`` says that the creditor gave in; the credit note is a command of its own."""

    dispute_id: str
    outcome: Outcome
    on: date
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """What the decisions and answers need to know."""

    dispute_id: str = ""
    invoice_id: str = ""
    customer_id: str = ""
    entity_id: str = ""
    category: Category = "other"
    amount_minor: int = 0
    currency: str = ""
    text: str = ""
    owner: str | None = None
    opened_on: date = date.min
    outcome: Outcome | None = None
    resolved_on: date | None = None
    resolution: str | None = None


DisputeFact = facts.DisputeOpened | facts.DisputeResolved


def evolve(state: Dispute, recorded: Recorded) -> Dispute:
    """The dispute after one more fact."""
    event = cast(DisputeFact, recorded.data)
    match event:
        case facts.DisputeOpened():
            return Dispute(
                dispute_id=event.dispute_id,
                invoice_id=event.invoice_id,
                customer_id=event.customer_id,
                entity_id=recorded.entity,
                category=event.category,
                amount_minor=event.amount_minor,
                currency=event.currency,
                text=event.text,
                owner=event.owner,
                opened_on=recorded.effective_on,
            )
        case facts.DisputeResolved():
            return replace(
                state, outcome=event.outcome, resolved_on=recorded.effective_on, resolution=event.text
            )
        case _:
            assert_never(event)


def require(state: Dispute, dispute_id: str) -> Dispute:
    """The dispute, or :class:`NotFound`."""
    if not state.dispute_id:
        raise NotFound("dispute", dispute_id)
    return state


def open_dispute(
    state: Dispute, command: OpenDispute, invoice: Invoice, amount_minor: int, today: date
) -> list[DisputeFact]:
    """The dispute, between the issue of the invoice and today."""
    if state.dispute_id:
        raise Conflict("dispute-exists", f"{command.dispute_id} is open already.")
    if invoice.issued_on is not None and not invoice.issued_on <= command.opened_on <= today:
        raise Invalid(
            f"A dispute lies between the issue, {invoice.issued_on}, and today, {today}.", "/opened_on"
        )
    return [
        facts.DisputeOpened(
            dispute_id=command.dispute_id,
            invoice_id=command.invoice_id,
            customer_id=invoice.customer_id,
            category=command.category,
            amount_minor=amount_minor,
            currency=invoice.currency,
            text=command.text,
            owner=command.owner,
        )
    ]


def resolve(state: Dispute, command: ResolveDispute, today: date) -> list[DisputeFact]:
    """The end of it. Resolving again in the same way changes nothing, in another way is refused."""
    if state.outcome == command.outcome:
        return []
    if state.outcome is not None:
        raise Conflict(
            "dispute-resolved",
            f"{state.dispute_id} was resolved as {state.outcome} on {state.resolved_on}; open a new dispute.",
        )
    if not state.opened_on <= command.on <= today:
        raise Invalid(f"A resolution lies between the opening, {state.opened_on}, and today, {today}.", "/on")
    return [
        facts.DisputeResolved(
            dispute_id=state.dispute_id,
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            outcome=command.outcome,
            amount_minor=state.amount_minor,
            currency=state.currency,
            text=command.text,
        )
    ]
