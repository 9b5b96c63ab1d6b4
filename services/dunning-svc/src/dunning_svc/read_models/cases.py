"""The read model `cases`: every event that moves a case, folded into rows. Nothing is sent from here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from dunning_svc.read_models import decisions, facts
from dunning_svc.read_models.rows import (
    ALL_ROWS,
    AccountRow,
    CustomerRow,
    EntityRow,
    ItemRow,
    ReminderRow,
    Rows,
    RunRow,
    TaskRow,
)
from encours import contracts
from encours.contracts import Recorded, calendar, customer, dunning, entity, invoice, payment
from encours.projection.read_model import ReadModel
from encours.projection.rows import Row
from encours.projection.rowset import RowSet

Key = tuple[type[Row], tuple[Any, ...]]

TYPES: frozenset[str] = frozenset(
    kind.TYPE
    for kind in (
        entity.EntityRegistered,
        entity.EntityAmended,
        customer.CustomerRegistered,
        customer.CustomerAmended,
        invoice.InvoiceIssued,
        *get_args(facts.InvoiceFact),
        *get_args(facts.AccountFact),
        calendar.DayOpened,
        *get_args(decisions.DecisionFact),
        *get_args(decisions.OutcomeFact),
        dunning.TaskCompleted,
        dunning.HoldPlaced,
        dunning.RunCompleted,
    )
)


MODEL = "cases"


class Cases(ReadModel):
    """Items, accounts, decisions and their outcomes."""

    name = MODEL
    version = 1
    rows = ALL_ROWS
    applies = TYPES
    ignores = contracts.names_of(
        contracts.risk.CreditChecked,
        contracts.risk.LimitApproved,
        contracts.risk.LimitRefused,
        contracts.risk.LimitRequested,
        contracts.customer.CustomerContactAdded,
        contracts.customer.CustomerNoted,
        contracts.customer.TermsAgreed,
        contracts.customer.TermsBeyondCeiling,
        contracts.dispute.DisputeOpened,
        contracts.dispute.DisputeResolved,
        contracts.entity.SeriesDefined,
        contracts.imports.ImportCompleted,
        contracts.imports.ImportReceived,
        contracts.invoice.InvoiceAmended,
        contracts.invoice.InvoiceCancelled,
        contracts.invoice.InvoiceDrafted,
        contracts.invoice.InvoiceTermsBeyondCeiling,
    )

    def keys(self, e: Recorded) -> Iterable[Key]:
        return keys(e)

    def project(self, e: Recorded, rows: RowSet) -> None:
        project(e, rows)


def keys(e: Recorded) -> Iterable[Key]:
    """The rows that :func:`project` asks for."""
    match e.data:
        case entity.EntityAmended():
            yield EntityRow, (e.data.entity_id,)
        case customer.CustomerAmended() | dunning.HoldPlaced():
            yield CustomerRow, (e.data.customer_id,)
        case invoice.InvoiceIssued():
            yield EntityRow, (e.entity,)
        case (
            invoice.InvoiceCredited()
            | invoice.PaymentApplied()
            | invoice.PaymentUnapplied()
            | invoice.ShareDisputed()
            | invoice.ShareUndisputed()
        ):
            yield ItemRow, (e.data.invoice_id,)
        case (
            payment.PaymentReceived()
            | payment.PaymentIdentified()
            | payment.PaymentAllocated()
            | payment.PaymentReleased()
            | payment.PaymentReversed()
        ):
            if e.data.customer_id is not None:
                yield AccountRow, (e.data.customer_id, e.entity, e.data.currency)
        case dunning.ReminderRequested() | dunning.ReminderSuppressed() | dunning.TaskOpened():
            for dunned in e.data.items:
                yield ItemRow, (dunned.invoice_id,)
            if isinstance(e.data, dunning.ReminderSuppressed):
                yield ReminderRow, (e.data.reminder_id,)
        case dunning.ReminderSent() | dunning.ReminderFailed() | dunning.ReminderUnconfirmed():
            yield ReminderRow, (e.data.reminder_id,)
        case dunning.TaskCompleted():
            yield TaskRow, (e.data.task_id,)
        case dunning.RunCompleted():
            yield RunRow, (e.data.day,)
        case _:
            return


def project(e: Recorded, rows: Rows) -> None:
    """Fold one event into the rows. Types that move no case are passed over."""
    match e.data:
        case entity.EntityRegistered() | entity.EntityAmended():
            facts.entity_changed(e.data, rows)
        case customer.CustomerRegistered() | customer.CustomerAmended() | dunning.HoldPlaced():
            facts.customer_changed(e, e.data, rows)
        case invoice.InvoiceIssued():
            facts.invoice_issued(e, e.data, rows)
        case (
            invoice.InvoiceCredited()
            | invoice.PaymentApplied()
            | invoice.PaymentUnapplied()
            | invoice.ShareDisputed()
            | invoice.ShareUndisputed()
        ):
            facts.invoice_changed(e, e.data, rows)
        case (
            payment.PaymentReceived()
            | payment.PaymentIdentified()
            | payment.PaymentAllocated()
            | payment.PaymentReleased()
            | payment.PaymentReversed()
        ):
            facts.account_moved(e, e.data, rows)
        case dunning.ReminderSuppressed() if e.version > 1:
            decisions.withdrawn(e, e.data, rows)
        case dunning.ReminderRequested() | dunning.ReminderSuppressed() | dunning.TaskOpened():
            decisions.decided(e, e.data, rows)
        case dunning.ReminderSent() | dunning.ReminderFailed() | dunning.ReminderUnconfirmed():
            decisions.answered(e, e.data, rows)
        case dunning.TaskCompleted():
            decisions.task_completed(e, e.data, rows)
        case calendar.DayOpened() | dunning.RunCompleted():
            decisions.run_moved(e, e.data, rows)
        case _:
            return
