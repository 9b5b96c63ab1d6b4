"""A payment plan [échéancier] over open invoices of one customer. Stream: the plan id. Appended by invoice-svc.

A plan is no novation: the debts keep their due dates (C. civ. 1329, 1330). While it is in force, nobody asks for the
amounts on plan. Amounts in minor units of the plan's currency.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.common import Instalment

PlanInterest = Literal["runs", "suspended", "waived_if_kept"]
"""Late-payment interest for the days of the plan: as without it; none; or none if the plan is kept."""
PlanOutcome = Literal["kept", "broken", "cancelled"]


class PlannedInvoice(Value, frozen=True, kw_only=True):
    """Amount of an invoice that is on the plan: all that was open when it was agreed."""

    invoice_id: str
    number: str
    amount_minor: int


class PlanAgreed(Event, frozen=True, kw_only=True):
    """Creditor and customer agreed a plan. It acknowledges the debts, which interrupts limitation (C. civ. 2240)."""

    TYPE: ClassVar[str] = "plan.agreed"
    plan_id: str
    customer_id: str
    currency: str
    invoices: tuple[PlannedInvoice, ...]
    instalments: tuple[Instalment, ...]
    """In the order of their dates; their sum is the total."""
    total_minor: int
    interest: PlanInterest
    grace_days: int
    """Days after the date of an instalment on which it may still be paid before the plan is broken."""
    agreed_by: str | None
    """Person who agreed for the customer."""
    evidence_sha256: str | None
    """Hash of the signed agreement."""


class PlanRescheduled(Event, frozen=True, kw_only=True):
    """New instalments, for what was left to pay; ``settled_minor`` is what payments had covered before."""

    TYPE: ClassVar[str] = "plan.rescheduled"
    plan_id: str
    customer_id: str
    currency: str
    instalments: tuple[Instalment, ...]
    settled_minor: int
    left_minor: int
    """Sum of the new instalments."""
    cause: str
    agreed_by: str | None
    evidence_sha256: str | None


class PlanBroken(Event, frozen=True, kw_only=True):
    """The plan is no longer in force: its debts are collectable as of their original due dates."""

    TYPE: ClassVar[str] = "plan.broken"
    plan_id: str
    customer_id: str
    currency: str
    cause: Literal["instalment_missed", "by_person"]
    missed: Instalment | None
    """The first instalment that was not covered at the end of its days of grace."""
    missing_minor: int
    """Amount of instalments past their date that no payment covered."""
    left_minor: int
    """Amount of the plan that was not paid."""
    text: str | None


class PlanKept(Event, frozen=True, kw_only=True):
    """No invoice of the plan is open any more."""

    TYPE: ClassVar[str] = "plan.kept"
    plan_id: str
    customer_id: str
    currency: str
    total_minor: int
    """Amount of the plan that payments settled; credit notes may have taken the rest."""


class PlanResumed(Event, frozen=True, kw_only=True):
    """In force again: a payment of a kept plan was reversed, or a person took a break back."""

    TYPE: ClassVar[str] = "plan.resumed"
    plan_id: str
    customer_id: str
    currency: str
    cause: Literal["payment_reversed", "by_person"]
    left_minor: int
    text: str | None


class PlanCancelled(Event, frozen=True, kw_only=True):
    """Given up as if it had not been agreed: it suspends and waives no interest."""

    TYPE: ClassVar[str] = "plan.cancelled"
    plan_id: str
    customer_id: str
    currency: str
    cause: str


class InvoiceRescheduled(Event, frozen=True, kw_only=True):
    """The amount of the invoice is due in instalments from now on; the schedule before counts for earlier days.

    Unlike a payment plan this changes the due dates by agreement.
    """

    TYPE: ClassVar[str] = "invoice.rescheduled"
    invoice_id: str
    customer_id: str
    currency: str
    instalments: tuple[Instalment, ...]
    """In the order of their dates. Their sum is what was ever owed of the invoice, paid or not."""
    cause: str
    agreed_by: str | None
    """Person who agreed for the customer."""
    evidence_sha256: str | None
    """Hash of the signed agreement."""
