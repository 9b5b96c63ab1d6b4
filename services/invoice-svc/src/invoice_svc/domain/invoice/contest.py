"""The contested share of an invoice: the mirror of its disputes."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from encours.contracts.events import invoice as events
from encours.contracts.events.sales.dispute import Outcome
from invoice_svc.domain.invoice.checks import money_of, require_issued, require_positive
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.domain.invoice.refusals import AmountExceedsOutstanding, NothingOutstanding
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.refusals import require_currency


def dispute_share(
    state: Invoice, *, dispute_id: str, amount_minor: int | None, currency: str | None = None
) -> events.ShareDisputed:
    """An amount is contested: at most what is owed and not contested yet, which ``None`` takes whole."""
    require_issued(state, "disputed")
    require_currency(currency, state.currency, "/amount")
    free = state.outstanding_minor - state.disputed_minor
    if free == 0:
        raise NothingOutstanding(
            f"Nothing is left to dispute of {state.number}: {money_of(state, state.outstanding_minor)} is outstanding, "
            f"{money_of(state, state.disputed_minor)} of it in dispute.",
        )
    amount = free if amount_minor is None else amount_minor
    require_positive(amount)
    if amount > free:
        raise AmountExceedsOutstanding(
            f"{money_of(state, free)} of {state.number} is outstanding and not in dispute, "
            f"not {money_of(state, amount)}: lower the amount.",
        )
    return events.ShareDisputed(
        invoice_id=state.invoice_id,
        dispute_id=dispute_id,
        amount_minor=amount,
        customer_id=state.customer_id,
        currency=state.currency,
    )


def undispute_share(
    state: Invoice, *, dispute_id: str, outcome: Outcome, amount_minor: int
) -> events.ShareUndisputed:
    """End a dispute on an amount of its share.

    An accepted claim was never owed (C. civ. 1219, 1223): what no credit note has answered yet awaits one, and nobody
    asks for it meanwhile.
    """
    opened_on = min(share.opened_on for share in state.disputed if share.dispute_id == dispute_id)
    awaiting = _awaiting(state, amount_minor, opened_on) if outcome == "credited" else 0
    return events.ShareUndisputed(
        invoice_id=state.invoice_id,
        dispute_id=dispute_id,
        amount_minor=amount_minor,
        outcome=outcome,
        awaiting_credit_minor=awaiting,
        customer_id=state.customer_id,
        currency=state.currency,
    )


def credit_of(wanted: CreditInvoice, invoice_id: str, awaiting_minor: int) -> CreditInvoice | None:
    """Return the credit note of a claim that was just accepted; ``None`` if nothing of it awaits one.

    It is over what awaits it, unless lines, an amount or VAT by rate are given.
    """
    if not awaiting_minor:
        return None
    if wanted.amount_minor is None and wanted.lines is None and wanted.parts is None:
        return replace(wanted, invoice_id=invoice_id, amount_minor=awaiting_minor)
    return replace(wanted, invoice_id=invoice_id)


def _awaiting(state: Invoice, claim_minor: int, opened_on: date) -> int:
    """The part of a claim that no credit note has answered: those issued since its opening do, each but once."""
    free = sum(note.total_minor - note.awaited_minor for note in state.credits) - state.answered_minor
    since = sum(
        note.total_minor - note.awaited_minor for note in state.credits if note.issued_on >= opened_on
    )
    answered = min(free, since)
    return max(0, min(claim_minor - answered, state.creditable_minor - state.conceded_minor))
