"""Status of an invoice on a day: five axes and the two vocabularies, derived and never stored.

Days past due are calendar days after the due date; the due date itself is in time.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from invoice_svc.domain.approval.state import ApprovalStatus

DocumentStatus = Literal[
    "draft", "submitted", "approved", "issued", "credited_in_part", "credited", "cancelled"
]
DeliveryStatus = Literal["not_sent", "sent", "delivered", "read", "bounced"]
SettlementStatus = Literal["open", "part_paid", "paid", "written_off"]
CollectionStatus = Literal["none", "not_due", "due", "overdue", "disputed", "on_plan", "in_hand", "promised"]
EInvoiceStatus = Literal["none"]
BusinessLabel = Literal["brouillon", "annulée", "émise", "en cours", "impayée", "payée", "irrécouvrable"]


class InvoiceBalance(Struct, frozen=True):
    """Amounts that determine the status, in minor units, as of the requested day.

    ``paid_minor`` includes an early-payment discount, which the payment in time earned, and a residual that a
    tolerance closed.
    """

    document: str
    due_on: date | None
    total_minor: int
    credited_minor: int
    paid_minor: int
    outstanding_minor: int
    disputed_minor: int
    approval: ApprovalStatus = "none"
    planned_minor: int = 0
    in_hand_minor: int = 0
    promised_until: date | None = None


class Status(Struct, frozen=True):
    """The five axes, the labels and the delay."""

    document: DocumentStatus
    delivery: DeliveryStatus
    settlement: SettlementStatus
    collection: CollectionStatus
    einvoice: EInvoiceStatus
    business: BusinessLabel
    crm: str
    days_past_due: int


def status(standing: InvoiceBalance, day: date) -> Status:
    """The status on a day."""
    document = _document(standing)
    settlement = _settlement(standing)
    late = _days_past_due(standing, day)
    return Status(
        document=document,
        delivery="not_sent",
        settlement=settlement,
        collection=_collection(standing, day),
        einvoice="none",
        business=_business(document, settlement, standing, late),
        crm=_crm(document, settlement, late),
        days_past_due=late,
    )


def _document(standing: InvoiceBalance) -> DocumentStatus:
    if standing.document == "draft":
        return standing.approval if standing.approval in ("submitted", "approved") else "draft"
    if standing.document == "cancelled":
        return "cancelled"
    if standing.credited_minor == 0:
        return "issued"
    return "credited" if standing.credited_minor >= standing.total_minor else "credited_in_part"


def _settlement(standing: InvoiceBalance) -> SettlementStatus:
    """``paid``: settled by payments and credit notes; ``written_off``: settled with a write-off."""
    if standing.document != "issued":
        return "open"
    if standing.outstanding_minor <= 0:
        settled = standing.credited_minor + standing.paid_minor >= standing.total_minor
        return "paid" if settled else "written_off"
    return "part_paid" if standing.paid_minor > 0 else "open"


def _days_past_due(standing: InvoiceBalance, day: date) -> int:
    if standing.due_on is None or standing.outstanding_minor <= 0:
        return 0
    return max(0, (day - standing.due_on).days)


def _collection(standing: InvoiceBalance, day: date) -> CollectionStatus:
    """``disputed``: all that is outstanding is in dispute; ``on_plan``: all the rest of it is on a payment plan.

    ``in_hand``: cheques, bills and notes are in hand for all the rest, or with the plan for all of it. ``promised``:
    the debtor promised to pay by a day that has not passed, with its days of grace.
    ``none``: nothing is outstanding.
    """
    if standing.due_on is None or standing.outstanding_minor <= 0:
        return "none"
    if standing.disputed_minor >= standing.outstanding_minor:
        return "disputed"
    if standing.disputed_minor + standing.planned_minor >= standing.outstanding_minor:
        return "on_plan"
    if (
        standing.disputed_minor + standing.planned_minor + standing.in_hand_minor
        >= standing.outstanding_minor
    ):
        return "in_hand"
    timing: CollectionStatus = "due" if day == standing.due_on else "not_due"
    return promised("overdue" if day > standing.due_on else timing, standing.promised_until, day)


def promised(collection: CollectionStatus, until: date | None, day: date) -> CollectionStatus:
    """Return ``promised`` in the place of what only the due date says, while a promise for the invoice is in force."""
    waits = collection in ("not_due", "due", "overdue")
    return "promised" if waits and until is not None and day <= until else collection


def _business(
    document: DocumentStatus, settlement: SettlementStatus, standing: InvoiceBalance, late: int
) -> BusinessLabel:
    """``en cours``: issued, not past due, and paid in part, credited in part or disputed."""
    if document in ("draft", "submitted", "approved"):
        return "brouillon"
    if document == "cancelled":
        return "annulée"
    if settlement == "paid":
        return "payée"
    if settlement == "written_off":
        return "irrécouvrable"
    if late > 0:
        return "impayée"
    touched = settlement == "part_paid" or document == "credited_in_part" or standing.disputed_minor > 0
    return "en cours" if touched else "émise"


def _crm(document: DocumentStatus, settlement: SettlementStatus, late: int) -> str:
    if document == "cancelled":
        return "Annulée"
    if document == "credited":
        return "Avoir"
    if settlement == "paid":
        return "Payée"
    if settlement == "written_off":
        return "Irrécouvrable"
    if late > 0:
        return f"Retard {late} jour{'s' if late > 1 else ''}"
    if settlement == "part_paid":
        return "Partiellement payée"
    if document == "credited_in_part":
        return "Avoir partiel"
    # "En attente envoyée" comes with invoice.sent; until a service sends invoices, all wait unsent.
    return "En attente non envoyée"
