"""Commands on a payment plan."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from encours.contracts.common import Instalment
from encours.contracts.events.money.plan import PlanInterest


class AgreePlan(Struct, frozen=True):
    """Agree a plan today over all that is open on the invoices; ``currency`` is that of its instalments."""

    plan_id: str
    customer_id: str
    invoice_ids: tuple[str, ...]
    instalments: tuple[Instalment, ...]
    currency: str
    interest: PlanInterest
    grace_days: int
    agreed_by: str | None = None
    evidence_sha256: str | None = None


class ReschedulePlan(Struct, frozen=True):
    """Agree new instalments today for what is left to pay."""

    plan_id: str
    instalments: tuple[Instalment, ...]
    currency: str
    cause: str
    agreed_by: str | None = None
    evidence_sha256: str | None = None


class BreakPlan(Struct, frozen=True):
    """End the plan before its time; ``on`` is today if not given."""

    plan_id: str
    cause: str
    on: date | None = None


class ResumePlan(Struct, frozen=True):
    """Take the break of a plan back, from today on."""

    plan_id: str
    cause: str


class CancelPlan(Struct, frozen=True):
    """Give the plan up from today on, as if it had not been agreed."""

    plan_id: str
    cause: str
