"""Conditions of the status filters, on a row of the list: the same rules as :mod:`invoice_svc.domain.invoice.status`.

:data:`DATE` stands for the business day of the invoice's entity. A test compares both on every combination of sums that
can occur.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from invoice_svc.domain.invoice.status import BusinessLabel

InvoiceStatus = Literal[
    "draft", "submitted", "approved",
    "cancelled", "issued", "credited_in_part", "credited", "open", "part_paid", "paid", "written_off",
    "not_due", "due", "overdue", "disputed", "on_plan", "in_hand", "promised",
]  # fmt: skip
"""Values of the axes document, settlement and collection."""
CrmLabel = Literal[
    "En attente non envoyée", "Payée", "Partiellement payée", "Irrécouvrable", "Annulée", "Avoir", "Avoir partiel",
    "Retard",
]  # fmt: skip
"""Labels of the CRM; ``Retard`` is a delay of any number of days."""

DATE = "{day}"
_IN_PART = "credited_minor > 0 and credited_minor < total_minor"
_CREDITED = "document = 'issued' and credited_minor > 0 and credited_minor >= total_minor"
_COLLECTABLE = "outstanding_minor > 0 and disputed_minor < outstanding_minor"
_UNPLANNED = f"{_COLLECTABLE} and disputed_minor + planned_minor < outstanding_minor"
_UNCOVERED = f"{_UNPLANNED} and disputed_minor + planned_minor + in_hand_minor < outstanding_minor"
_ASKED = f"{_UNCOVERED} and (promised_until is null or promised_until < {{day}})"
_LATE = "outstanding_minor > 0 and payable_on < {day}"
_IN_TIME = "outstanding_minor > 0 and payable_on >= {day}"
_PAID = "document = 'issued' and outstanding_minor <= 0 and credited_minor + paid_minor >= total_minor"
_WRITTEN_OFF = "document = 'issued' and outstanding_minor <= 0 and credited_minor + paid_minor < total_minor"
_TOUCHED = f"paid_minor > 0 or ({_IN_PART}) or disputed_minor > 0"

STATUS: Mapping[InvoiceStatus, str] = {
    "draft": "document = 'draft' and approval = 'none'",
    "submitted": "document = 'draft' and approval = 'submitted'",
    "approved": "document = 'draft' and approval = 'approved'",
    "cancelled": "document = 'cancelled'",
    "issued": "document = 'issued' and credited_minor = 0",
    "credited_in_part": f"document = 'issued' and {_IN_PART}",
    "credited": _CREDITED,
    "open": "outstanding_minor > 0 and paid_minor = 0",
    "part_paid": "outstanding_minor > 0 and paid_minor > 0",
    "paid": _PAID,
    "written_off": _WRITTEN_OFF,
    "not_due": f"{_ASKED} and payable_on > {{day}}",
    "due": f"{_ASKED} and payable_on = {{day}}",
    "overdue": f"{_ASKED} and payable_on < {{day}}",
    "disputed": "outstanding_minor > 0 and disputed_minor >= outstanding_minor",
    "on_plan": f"{_COLLECTABLE} and disputed_minor + planned_minor >= outstanding_minor",
    "promised": f"{_UNCOVERED} and promised_until >= {{day}}",
    "in_hand": f"{_UNPLANNED} and disputed_minor + planned_minor + in_hand_minor >= outstanding_minor",
}
BUSINESS: Mapping[BusinessLabel, str] = {
    "brouillon": "document = 'draft'",
    "annulée": "document = 'cancelled'",
    "payée": _PAID,
    "irrécouvrable": _WRITTEN_OFF,
    "impayée": _LATE,
    "en cours": f"{_IN_TIME} and ({_TOUCHED})",
    "émise": f"{_IN_TIME} and not ({_TOUCHED})",
}
CRM: Mapping[CrmLabel, str] = {
    "Annulée": "document = 'cancelled'",
    "Avoir": _CREDITED,
    "Payée": f"{_PAID} and not ({_CREDITED})",
    "Irrécouvrable": f"{_WRITTEN_OFF} and not ({_CREDITED})",
    "Retard": _LATE,
    "Partiellement payée": f"{_IN_TIME} and paid_minor > 0",
    "Avoir partiel": f"{_IN_TIME} and paid_minor = 0 and {_IN_PART}",
    "En attente non envoyée": f"document = 'draft' or ({_IN_TIME} and paid_minor = 0 and credited_minor = 0)",
}
