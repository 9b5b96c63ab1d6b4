"""The rules of a dispute."""

from __future__ import annotations

from datetime import date

from encours.contracts.events import dispute as events
from encours.kernel.errors import Invalid, Refusal
from invoice_svc.domain.dispute.commands import OpenDispute, ResolveDispute
from invoice_svc.domain.dispute.state import Dispute, DisputeEvent
from invoice_svc.domain.invoice.state import Invoice


class DisputeExists(Refusal):
    """The dispute is open already."""

    code = "dispute-exists"
    title = "Dispute already exists"
    remedy = "GET the dispute."


class DisputeAlreadyResolved(Refusal):
    """The dispute has another resolution already."""

    code = "dispute-resolved"
    title = "Dispute is already resolved"
    remedy = "Open a new dispute."


def open_dispute(
    state: Dispute, command: OpenDispute, invoice: Invoice, amount_minor: int, opened_on: date, today: date
) -> list[DisputeEvent]:
    """Open the dispute between the issue of the invoice and today."""
    if state.dispute_id:
        raise DisputeExists(f"{command.dispute_id} is open already.")
    if invoice.issued_on is not None and not invoice.issued_on <= opened_on <= today:
        raise Invalid(
            f"A dispute must be dated between the issue, {invoice.issued_on}, and today, {today}.",
            "/opened_on",
        )
    return [
        events.DisputeOpened(
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


def resolve(state: Dispute, command: ResolveDispute, on: date, today: date) -> list[DisputeEvent]:
    """End the dispute. Resolving again in the same way changes nothing, in another way is refused."""
    if command.credit is not None and command.outcome != "credited":
        raise Invalid("Only an accepted claim has a credit note; use the outcome credited.", "/credit_note")
    if state.outcome == command.outcome:
        return []
    if state.outcome is not None:
        raise DisputeAlreadyResolved(
            f"{state.dispute_id} was resolved as {state.outcome} on {state.resolved_on}; open a new dispute.",
        )
    if not state.opened_on <= on <= today:
        raise Invalid(
            f"A resolution must be dated between the opening, {state.opened_on}, and today, {today}.", "/on"
        )
    return [
        events.DisputeResolved(
            dispute_id=state.dispute_id,
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            outcome=command.outcome,
            amount_minor=state.amount_minor,
            currency=state.currency,
            text=command.text,
        )
    ]
