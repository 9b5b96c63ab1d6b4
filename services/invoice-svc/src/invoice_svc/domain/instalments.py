"""Instalments of an issued invoice: their agreement, and what is open of each."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts.common import Instalment
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.settlement import Funds, instalments_of
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.invoice.checks import require_issued, require_not_planned
from invoice_svc.domain.invoice.refusals import NothingOutstanding
from invoice_svc.domain.invoice.schedule import check_instalments
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.refusals import require_currency


class RescheduleInvoice(Struct, frozen=True):
    """Agree instalments today over all that was ever owed of an invoice."""

    invoice_id: str
    instalments: tuple[Instalment, ...]
    currency: str
    cause: str
    agreed_by: str | None = None
    evidence_sha256: str | None = None


class InvoiceInstalment(Struct, frozen=True):
    """An instalment after credit notes and accepted claims, and the part of it that is open."""

    due_on: date
    amount_minor: int
    open_minor: int


def reschedule(state: Invoice, command: RescheduleInvoice) -> list[InvoiceRescheduled]:
    """Agree the instalments; no event if they are in force already."""
    require_issued(state, "paid in instalments")
    require_currency(command.currency, state.currency, "/instalments/0/amount")
    require_not_planned(state)
    if state.outstanding_minor <= 0:
        raise NothingOutstanding(f"Nothing is outstanding on {state.number}.")
    if state.schedules and state.schedules[-1].instalments == command.instalments:
        return []
    assert state.issued_on is not None, "an issued invoice has a date"
    check_instalments(command.instalments, state.owed_minor, state.currency, state.issued_on)
    return [
        InvoiceRescheduled(
            invoice_id=state.invoice_id,
            customer_id=state.customer_id,
            currency=state.currency,
            instalments=command.instalments,
            cause=command.cause,
            agreed_by=command.agreed_by,
            evidence_sha256=command.evidence_sha256,
        )
    ]


def instalments(state: Invoice) -> list[InvoiceInstalment]:
    """Return the instalments of the schedule in force; none without one.

    What is settled, by payments or a write-off, is taken off the earliest.
    """
    if not state.schedules:
        return []
    covered = replace(debt_of(state), applied=(Funds(date.min, max(0, state.settled_minor)),))
    return [
        InvoiceInstalment(
            part.due_on, part.owed_minor, part.owed_minor - sum(each.amount_minor for each in part.applied)
        )
        for part in instalments_of(covered)
    ]
