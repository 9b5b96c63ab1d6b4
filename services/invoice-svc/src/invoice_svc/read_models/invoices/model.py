"""The part of the lists that finds invoices. Amounts come from the books, so any event that moves an item counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from encours.contracts import Recorded, names_of
from encours.contracts.books import CREDIT_NOTES, Movement, movements, moving
from encours.contracts.events.invoice import (
    InvoiceAmended,
    InvoiceCancelled,
    InvoiceDrafted,
    InvoiceIssued,
)
from encours.contracts.events.money.penalty import PenaltiesClaimed, PenaltyClaimCancelled
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.events.parties.field import InvoiceFieldsSet
from encours.contracts.events.sales.approval import InvoiceApproved, InvoiceRejected, InvoiceSubmitted
from encours.contracts.instalments import ranges_of
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.domain.payment.indication import digits_of, number_key
from invoice_svc.read_models.invoices.rows import (
    CLOSED,
    PAID,
    InvoiceApprovalRow,
    InvoiceFieldsRow,
    InvoiceInstalmentRow,
    InvoiceMovementRow,
    InvoiceRow,
)
from invoice_svc.read_models.known import known

_Claiming = PenaltiesClaimed | PenaltyClaimCancelled
_Deciding = InvoiceSubmitted | InvoiceApproved | InvoiceRejected


class Invoices(Part):
    """Invoices by entity, customer, number, reference, due date and status."""

    rows = (InvoiceRow, InvoiceMovementRow, InvoiceInstalmentRow, InvoiceApprovalRow, InvoiceFieldsRow)
    applies = moving("item", "contested", "planned", "in_hand") | names_of(
        InvoiceDrafted,
        InvoiceAmended,
        InvoiceCancelled,
        InvoiceIssued,
        InvoiceSubmitted,
        InvoiceApproved,
        InvoiceRejected,
        InvoiceFieldsSet,
        PenaltiesClaimed,
        PenaltyClaimCancelled,
        InvoiceRescheduled,
    )

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        changing = (
            InvoiceAmended | InvoiceCancelled | InvoiceIssued | InvoiceRescheduled | _Deciding | _Claiming
        )
        if isinstance(e.data, changing):
            yield InvoiceRow, (e.stream,)
        for _, moved in _of_invoices(e):
            yield InvoiceRow, (moved.invoice_id,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event."""
        match e.data:
            case InvoiceDrafted() as event:
                invoice = _new_invoice(e, event)
                invoice.drafted_on = e.effective_on
                rows.put(invoice)
            case InvoiceIssued() as event:
                _issue(e, event, rows)
            case InvoiceAmended() as event:
                invoice = known(InvoiceRow, e, rows)
                invoice.total_minor = event.total_minor
                invoice.reference_key = _key(event.reference)
                _approve(e, invoice, "none", rows)
            case InvoiceSubmitted():
                _approve(e, known(InvoiceRow, e, rows), "submitted", rows)
            case InvoiceApproved():
                _approve(e, known(InvoiceRow, e, rows), "approved", rows)
            case InvoiceRejected():
                _approve(e, known(InvoiceRow, e, rows), "none", rows)
            case InvoiceFieldsSet() as event:
                values = [f"{each.field_code}:{each.value}" for each in event.fields]
                rows.put(InvoiceFieldsRow(e.stream, e.position, e.effective_on, values))
            case InvoiceRescheduled() as event:
                _reschedule(e, event, rows)
            case InvoiceCancelled():
                invoice = known(InvoiceRow, e, rows)
                invoice.cancelled_on, invoice.cancelled_position = e.effective_on, e.position
                rows.put(invoice)
            case PenaltiesClaimed() as event:
                invoice = known(InvoiceRow, e, rows)
                invoice.claimed_until, invoice.claimed_position = event.last_day, e.position
                rows.put(invoice)
            case PenaltyClaimCancelled():
                invoice = known(InvoiceRow, e, rows)
                invoice.claimed_until, invoice.claimed_position = None, 0
                rows.put(invoice)
            case _:
                for entry, moved in _of_invoices(e):
                    _move(e, entry, moved, rows)


def _approve(e: Recorded, invoice: InvoiceRow, approval: str, rows: RowCache) -> None:
    if invoice.approval != approval:
        rows.put(
            InvoiceApprovalRow(
                invoice_id=e.stream, position=e.position, effective_on=e.effective_on, approval=approval
            )
        )
    invoice.approval = approval
    rows.put(invoice)


def _of_invoices(e: Recorded) -> Iterable[tuple[int, Movement]]:
    return ((n, moved) for n, moved in enumerate(movements(e)) if moved.invoice_id is not None)


def _move(e: Recorded, entry: int, moved: Movement, rows: RowCache) -> None:
    invoice_id = moved.invoice_id or ""
    invoice = known(InvoiceRow, e, rows, invoice_id)
    invoice.outstanding_minor += moved.item_minor
    invoice.disputed_minor += moved.contested_minor
    invoice.planned_minor += moved.planned_minor
    invoice.in_hand_minor += moved.in_hand_minor
    invoice.settled_minor += moved.settled_minor
    invoice.payable_on = _payable_on(invoice)
    invoice.conceded_minor += moved.conceded_minor
    if moved.kind in CREDIT_NOTES:
        invoice.credited_minor -= moved.item_minor
    elif moved.kind in PAID:
        invoice.paid_minor -= moved.item_minor
        if moved.kind in CLOSED:
            invoice.residual_minor -= moved.item_minor
    rows.put(invoice)
    rows.put(
        InvoiceMovementRow(
            invoice_id=invoice_id,
            position=e.position,
            entry=entry,
            effective_on=moved.effective_on,
            kind=moved.kind,
            item_minor=moved.item_minor,
            contested_minor=moved.contested_minor,
            planned_minor=moved.planned_minor,
            in_hand_minor=moved.in_hand_minor,
            conceded_minor=moved.conceded_minor,
        )
    )


def _issue(e: Recorded, event: InvoiceIssued, rows: RowCache) -> None:
    """Put the row of an issued invoice, which replaces the content of the draft."""
    draft = rows.get(InvoiceRow, e.stream)
    invoice = _new_invoice(e, event)
    if draft is not None:
        invoice.drafted_on, invoice.from_position = draft.drafted_on, draft.from_position
    invoice.number, invoice.number_key = event.number, number_key(event.number)
    invoice.digits_key = digits_of(event.number)
    invoice.issued_on, invoice.issued_position = event.issued_on, e.position
    invoice.due_on = invoice.payable_on = event.due_on
    invoice.outstanding_minor = sum(moved.item_minor for moved in movements(e))
    rows.put(invoice)


def _reschedule(e: Recorded, event: InvoiceRescheduled, rows: RowCache) -> None:
    invoice = known(InvoiceRow, e, rows)
    invoice.instalments = []
    for due_on, upto in ranges_of(event.instalments):
        invoice.instalments.append(f"{due_on} {upto}")
        rows.put(InvoiceInstalmentRow(e.stream, e.position, due_on, e.effective_on, upto))
    invoice.payable_on = _payable_on(invoice)
    rows.put(invoice)


def _payable_on(invoice: InvoiceRow) -> date | None:
    """Return the due date of the first instalment that is not settled, else of the last."""
    day = invoice.due_on
    for instalment in invoice.instalments:
        due_on, upto = instalment.split(" ")
        day = date.fromisoformat(due_on)
        if int(upto) > invoice.settled_minor:
            break
    return day


def _new_invoice(e: Recorded, event: InvoiceDrafted | InvoiceIssued) -> InvoiceRow:
    return InvoiceRow(
        invoice_id=e.stream,
        entity_id=e.entity,
        customer_id=event.customer_id,
        currency=event.currency,
        reference_key=_key(event.reference),
        from_position=e.position,
        total_minor=event.total_minor,
        purpose=event.purpose,
    )


def _key(text: str | None) -> str | None:
    return text.lower() if text else None
