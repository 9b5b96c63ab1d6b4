"""The read model ``invoices``: see :mod:`invoice_svc.read_models.tables` for what it holds and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypeVar, assert_never, cast

from encours import contracts
from encours.contracts import Recorded
from encours.contracts import customer as customers
from encours.contracts import dispute as disputes
from encours.contracts import entity as entities
from encours.contracts import invoice as invoices
from encours.contracts import payment as payments
from encours.projection.read_model import ReadModel
from encours.projection.rows import Row
from encours.projection.rowset import RowSet
from invoice_svc.domain.payment.indication import number_key
from invoice_svc.read_models.tables import (
    TABLES,
    CustomerRow,
    DisputeRow,
    EntityRow,
    InvoiceRow,
    MovementRow,
    NumberRow,
    PaymentRow,
    SeriesRow,
)

NAME = "invoices"

R = TypeVar("R", bound=Row)

_InvoiceChange = (
    invoices.InvoiceAmended
    | invoices.InvoiceCancelled
    | invoices.InvoiceCredited
    | invoices.PaymentApplied
    | invoices.PaymentUnapplied
    | invoices.ShareDisputed
    | invoices.ShareUndisputed
)
_Read = (
    entities.EntityRegistered
    | entities.EntityAmended
    | entities.SeriesDefined
    | customers.CustomerRegistered
    | customers.CustomerAmended
    | invoices.InvoiceDrafted
    | invoices.InvoiceIssued
    | _InvoiceChange
    | payments.PaymentReceived
    | payments.PaymentIdentified
    | disputes.DisputeOpened
    | disputes.DisputeResolved
)


class Invoices(ReadModel):
    """Finds invoices, customers, payments, disputes, entities and legal numbers."""

    name = NAME
    version = 1
    rows = TABLES
    applies = frozenset(event.TYPE for event in _Read.__args__)
    ignores = contracts.names_of(
        contracts.calendar.DayOpened,
        contracts.risk.CreditChecked,
        contracts.risk.LimitApproved,
        contracts.risk.LimitRefused,
        contracts.risk.LimitRequested,
        contracts.customer.CustomerContactAdded,
        contracts.customer.CustomerNoted,
        contracts.customer.TermsAgreed,
        contracts.customer.TermsBeyondCeiling,
        contracts.dunning.HoldPlaced,
        contracts.dunning.ReminderFailed,
        contracts.dunning.ReminderRequested,
        contracts.dunning.RunCompleted,
        contracts.dunning.ReminderSent,
        contracts.dunning.ReminderSuppressed,
        contracts.dunning.ReminderUnconfirmed,
        contracts.dunning.TaskCompleted,
        contracts.dunning.TaskOpened,
        contracts.imports.ImportCompleted,
        contracts.imports.ImportReceived,
        contracts.invoice.InvoiceTermsBeyondCeiling,
        contracts.payment.PaymentAllocated,
        contracts.payment.PaymentReleased,
        contracts.payment.PaymentReversed,
    )

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], tuple[object, ...]]]:
        """Rows that :meth:`project` reads."""
        match cast(_Read, e.data):
            case entities.EntityAmended():
                yield EntityRow, (e.stream,)
            case customers.CustomerAmended():
                yield CustomerRow, (e.stream,)
            case invoices.InvoiceIssued(series=series) | invoices.InvoiceCredited(series=series):
                yield InvoiceRow, (e.stream,)
                if series is not None:
                    yield SeriesRow, (e.entity, series)
            case payments.PaymentIdentified():
                yield PaymentRow, (e.stream,)
            case disputes.DisputeResolved():
                yield DisputeRow, (e.stream,)
            case data if isinstance(data, _InvoiceChange):
                yield InvoiceRow, (e.stream,)

    def project(self, e: Recorded, rows: RowSet) -> None:
        """Apply one fact."""
        event = cast(_Read, e.data)
        match event:
            case entities.EntityRegistered():
                rows.put(
                    EntityRow(
                        entity_id=e.stream, name=event.name, from_on=e.effective_on, from_position=e.position
                    )
                )
            case entities.EntityAmended():
                entity = _known(EntityRow, e, rows)
                entity.name = event.name
                rows.put(entity)
            case entities.SeriesDefined():
                rows.put(SeriesRow(entity_id=e.stream, code=event.code, prefix=event.prefix))
            case customers.CustomerRegistered():
                _register_customer(e, event, rows)
            case customers.CustomerAmended():
                customer = _known(CustomerRow, e, rows)
                customer.name_key = event.name.lower()
                rows.put(customer)
            case invoices.InvoiceDrafted():
                _draft(e, event, rows)
            case invoices.InvoiceIssued():
                _issue(e, event, rows)
            case payments.PaymentReceived():
                _receive(e, event, rows)
            case payments.PaymentIdentified():
                payment = _known(PaymentRow, e, rows)
                payment.customer_id, payment.identified_position = event.customer_id, e.position
                rows.put(payment)
            case disputes.DisputeOpened():
                _open_dispute(e, event, rows)
            case disputes.DisputeResolved():
                dispute = _known(DisputeRow, e, rows)
                dispute.resolved_on, dispute.resolved_position = e.effective_on, e.position
                rows.put(dispute)
            case _:
                _change_invoice(e, event, rows)


def _change_invoice(e: Recorded, event: _InvoiceChange, rows: RowSet) -> None:
    invoice = _known(InvoiceRow, e, rows)
    match event:
        case invoices.InvoiceAmended():
            invoice.total_minor = event.total_minor
            invoice.reference_key = _key(event.reference)
        case invoices.InvoiceCancelled():
            invoice.cancelled_on, invoice.cancelled_position = e.effective_on, e.position
        case invoices.InvoiceCredited():
            _move(e, invoice, rows, credited=event.total_minor)
            _number(e, event.series, event.number, event.issued_on, rows)
        case invoices.PaymentApplied():
            _move(e, invoice, rows, paid=event.amount_minor)
        case invoices.PaymentUnapplied():
            _move(e, invoice, rows, paid=-event.amount_minor)
        case invoices.ShareDisputed():
            _move(e, invoice, rows, disputed=event.amount_minor)
        case invoices.ShareUndisputed():
            _move(e, invoice, rows, disputed=-event.amount_minor)
        case _:
            assert_never(event)
    rows.put(invoice)


def _move(
    e: Recorded, invoice: InvoiceRow, rows: RowSet, *, credited: int = 0, paid: int = 0, disputed: int = 0
) -> None:
    invoice.credited_minor += credited
    invoice.paid_minor += paid
    invoice.disputed_minor += disputed
    invoice.outstanding_minor -= credited + paid
    rows.put(
        MovementRow(
            invoice_id=e.stream,
            version=e.version,
            position=e.position,
            effective_on=e.effective_on,
            credited_minor=credited,
            paid_minor=paid,
            disputed_minor=disputed,
        )
    )


def _draft(e: Recorded, event: invoices.InvoiceDrafted, rows: RowSet) -> None:
    invoice = _new_invoice(e, event)
    invoice.drafted_on = e.effective_on
    rows.put(invoice)


def _issue(e: Recorded, event: invoices.InvoiceIssued, rows: RowSet) -> None:
    """A row of its own: what is issued counts, whatever the draft said."""
    draft = rows.get(InvoiceRow, e.stream)
    invoice = _new_invoice(e, event)
    if draft is not None:
        invoice.drafted_on, invoice.from_position = draft.drafted_on, draft.from_position
    invoice.number, invoice.number_key = event.number, number_key(event.number)
    invoice.issued_on, invoice.issued_position = event.issued_on, e.position
    invoice.due_on = event.due_on
    invoice.outstanding_minor = event.total_minor
    rows.put(invoice)
    _number(e, event.series, event.number, event.issued_on, rows)


def _new_invoice(e: Recorded, event: invoices.InvoiceDrafted | invoices.InvoiceIssued) -> InvoiceRow:
    return InvoiceRow(
        invoice_id=e.stream,
        entity_id=e.entity,
        customer_id=event.customer_id,
        currency=event.currency,
        reference_key=_key(event.reference),
        from_position=e.position,
        total_minor=event.total_minor,
    )


def _number(e: Recorded, series: str | None, number: str, issued_on: date, rows: RowSet) -> None:
    """Note a number of a series of ours; those of other systems have none."""
    if series is None:
        return
    template = _known(SeriesRow, e, rows, e.entity, series)
    running = number.removeprefix(template.prefix.replace("{year}", str(issued_on.year)))
    rows.put(
        NumberRow(
            entity_id=e.entity,
            series=series,
            year=issued_on.year,
            running=int(running),
            number=number,
            issued_on=issued_on,
            position=e.position,
        )
    )


def _register_customer(e: Recorded, event: customers.CustomerRegistered, rows: RowSet) -> None:
    rows.put(
        CustomerRow(
            customer_id=e.stream,
            entity_id=event.entity_id,
            name_key=event.name.lower(),
            external_ref=event.external_ref,
            from_on=e.effective_on,
            from_position=e.position,
        )
    )


def _receive(e: Recorded, event: payments.PaymentReceived, rows: RowSet) -> None:
    rows.put(
        PaymentRow(
            payment_id=e.stream,
            entity_id=e.entity,
            customer_id=event.customer_id,
            received_on=event.received_on,
            from_position=e.position,
        )
    )


def _open_dispute(e: Recorded, event: disputes.DisputeOpened, rows: RowSet) -> None:
    rows.put(
        DisputeRow(
            dispute_id=e.stream,
            entity_id=e.entity,
            customer_id=event.customer_id,
            invoice_id=event.invoice_id,
            opened_on=e.effective_on,
            from_position=e.position,
        )
    )


def _key(text: str | None) -> str | None:
    return text.lower() if text else None


def _known(row_type: type[R], e: Recorded, rows: RowSet, *key: str) -> R:
    """The row of the event's stream, or of a key."""
    row = rows.get(row_type, *(key or (e.stream,)))
    if row is None:
        raise LookupError(f"{e.type} at {e.position}: nothing is known of {e.stream}")
    return row
