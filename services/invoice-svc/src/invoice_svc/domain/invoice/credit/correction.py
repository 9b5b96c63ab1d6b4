"""Correction of an issued invoice: a credit note over all that is left of it, and a new invoice in its place.

The new one cites the old by number and date (CGI ann. II 242 nonies A; 289 I 5). It has the content of the old, but for
what the correction changes, and its conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from msgspec import Struct, UnsetType
from msgspec.structs import replace

from encours.kernel.errors import Refusal
from encours.kernel.ids import derived_id
from encours.kernel.money import Money
from invoice_svc.domain.amounts.adjustments import as_input
from invoice_svc.domain.amounts.sums import line_input
from invoice_svc.domain.invoice.checks import require_issued, require_no_penalty, require_not_planned
from invoice_svc.domain.invoice.commands import AmendInvoice, Content, CreditInvoice, DraftInvoice
from invoice_svc.domain.invoice.deposits import require_not_deducted
from invoice_svc.domain.invoice.room import cited_as
from invoice_svc.domain.invoice.schedule import ProposedInstalment
from invoice_svc.domain.invoice.state import Invoice

T = TypeVar("T")


class CorrectInvoice(Struct, frozen=True):
    """Replace an issued invoice. ``changes`` are those of its content; ``issued_on`` is today if not given.

    Without ``issue`` the replacement is a draft, to be submitted for approval or amended; its issue does the rest.
    ``series`` ``None`` is that of the invoice, else FAC; ``credit_series`` ``None`` is AVO.
    """

    invoice_id: str
    cause: str
    changes: AmendInvoice
    issue: bool = True
    issued_on: date | None = None
    series: str | None = None
    credit_series: str | None = None


class InvoiceCorrected(Refusal):
    """Another invoice has come in the place of this one, or its draft waits to do so."""

    code = "invoice-corrected"
    title = "Invoice is corrected already"
    remedy = "Correct the invoice that has replaced it. If that one is a draft, issue or cancel it."


def correction_id(invoice_id: str) -> str:
    """Return the id of the invoice that replaces another; there is one, so that nothing is billed twice.

    If its draft was cancelled, the id after it is that of its own correction.
    """
    return derived_id("inv", "correction", invoice_id)


def require_not_corrected(state: Invoice, replacement: Invoice) -> None:
    """Raise ``invoice-corrected`` if the replacement of the invoice exists, as an invoice or as a draft."""
    if replacement.document == "draft":
        raise InvoiceCorrected(
            f"{state.number} has a draft of its correction, {replacement.invoice_id}: issue or cancel that one."
        )
    if replacement.document == "issued":
        raise InvoiceCorrected(
            f"{state.number} was replaced by {replacement.number}, {replacement.invoice_id}: correct that one."
        )


def require_correctable(state: Invoice, finals: Mapping[str, str]) -> None:
    """Raise a refusal for an invoice that is not issued or is on a plan, and for a deposit that was deducted."""
    require_issued(state, "corrected")
    require_not_planned(state)
    require_no_penalty(state)
    require_not_deducted(state, finals)


def credit_of(state: Invoice, replacement: Invoice, credit_note_id: str, on: date) -> CreditInvoice | None:
    """Return the credit note over all that earlier ones have left; ``None`` if they left nothing."""
    if state.creditable_minor == 0:
        return None
    return CreditInvoice(
        invoice_id=state.invoice_id,
        credit_note_id=credit_note_id,
        issued_on=on,
        amount_minor=state.creditable_minor,
        cause=replacement.correction_cause or "",
        series=replacement.credit_series,
    )


def new_invoice(state: Invoice, command: CorrectInvoice, invoice_id: str) -> DraftInvoice:
    """Return the invoice that comes in the place of the other: its content with the changes."""
    return DraftInvoice(
        invoice_id=invoice_id,
        entity_id=state.entity_id,
        customer_id=state.purchaser_id or state.customer_id,
        series=command.series or state.series or "FAC",
        content=_content(state, command.changes),
        currency=state.currency,
        issue=command.issue,
        issued_on=command.issued_on,
        purpose=state.purpose,
        corrects=cited_as(state),
        deliveries=state.deliveries,
        correction_cause=command.cause,
        credit_series=command.credit_series,
    )


def _content(state: Invoice, changes: AmendInvoice) -> Content:
    kept = [as_input(each, state.currency, state.lines_minor) for each in state.adjustments]
    allowances = tuple(each for each in kept if each.kind == "allowance")
    charges = tuple(each for each in kept if each.kind == "charge")
    lines = tuple(line_input(line, state.currency) for line in state.lines)
    deposits = tuple(deposit.invoice_id for deposit in state.deducted)
    return Content(
        supply_on=_changed(changes.supply_on, state.supply_on),
        lines=_changed(changes.lines, lines),
        terms=_changed(changes.terms, state.terms),
        reference=_changed(changes.reference, state.reference),
        salesperson=_changed(changes.salesperson, state.salesperson),
        adjustments=(*_changed(changes.allowances, allowances), *_changed(changes.charges, charges)),
        particulars=replace(state.particulars, **changes.particulars),
        deposits=_changed(changes.deposits, deposits),
        instalments=_changed(changes.instalments, _kept_instalments(state)),
    )


def _kept_instalments(state: Invoice) -> tuple[ProposedInstalment, ...]:
    """Return those in force, as long after the issue as they are; the last takes the rest of a total that changes."""
    if not state.schedules:
        return ()
    assert state.issued_on is not None, "only an issued invoice has a schedule"
    *parts, last = (
        ProposedInstalment(
            days=(each.due_on - state.issued_on).days, amount=Money(each.amount_minor, state.currency)
        )
        for each in state.schedules[-1].instalments
    )
    return (*parts, replace(last, amount=None))


def _changed(wanted: T | UnsetType, known: T) -> T:
    return known if isinstance(wanted, UnsetType) else wanted
