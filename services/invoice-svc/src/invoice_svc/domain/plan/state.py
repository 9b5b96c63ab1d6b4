"""State of a payment plan, folded from its events."""

from __future__ import annotations

from datetime import date
from typing import Literal, assert_never, cast

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.common import Instalment
from encours.contracts.events import plan as events
from encours.contracts.events.money.plan import PlanInterest, PlannedInvoice
from encours.kernel.errors import NotFound

PlanStatus = Literal["in_force", "kept", "broken", "cancelled"]


class PlanNotFound(NotFound):
    """No payment plan has the id (404)."""

    code = "plan-not-found"
    title = "Payment plan not found"
    remedy = "Use an id from GET /v1/payment-plans. The id may belong to another ledger, or to a plan later than as_of."


class PlanSchedule(Struct, frozen=True):
    """Instalments as agreed on a day; ``settled_minor`` was covered before them."""

    agreed_on: date
    instalments: tuple[Instalment, ...]
    settled_minor: int = 0
    cause: str | None = None
    agreed_by: str | None = None
    evidence_sha256: str | None = None


class PlanEnd(Struct, frozen=True):
    """End of a plan: its day, and why it was broken or cancelled."""

    on: date
    cause: str | None = None
    text: str | None = None
    missed: Instalment | None = None
    missing_minor: int = 0


class PaymentPlan(Struct, frozen=True):
    """State of a plan, for decisions and answers. ``schedules``: the last one is in force."""

    plan_id: str = ""
    entity_id: str = ""
    customer_id: str = ""
    currency: str = ""
    invoices: tuple[PlannedInvoice, ...] = ()
    total_minor: int = 0
    interest: PlanInterest = "runs"
    grace_days: int = 0
    agreed_on: date = date.min
    schedules: tuple[PlanSchedule, ...] = ()
    status: PlanStatus = "in_force"
    end: PlanEnd | None = None
    last_on: date = date.min
    """Latest business date of its events."""

    @property
    def schedule(self) -> PlanSchedule:
        """Instalments in force."""
        return self.schedules[-1]


PlanEvent = (
    events.PlanAgreed
    | events.PlanRescheduled
    | events.PlanBroken
    | events.PlanKept
    | events.PlanResumed
    | events.PlanCancelled
)


def evolve(state: PaymentPlan, recorded: Recorded) -> PaymentPlan:
    """Return the plan after one more event."""
    event, day = cast(PlanEvent, recorded.data), recorded.effective_on
    state = replace(state, last_on=max(state.last_on, day))
    match event:
        case events.PlanAgreed():
            return _agreed(state, recorded, event)
        case events.PlanRescheduled():
            schedule = PlanSchedule(
                day,
                event.instalments,
                event.settled_minor,
                event.cause,
                event.agreed_by,
                event.evidence_sha256,
            )
            return replace(state, schedules=(*state.schedules, schedule))
        case events.PlanBroken():
            end = PlanEnd(day, event.cause, event.text, event.missed, event.missing_minor)
            return replace(state, status="broken", end=end)
        case events.PlanKept():
            return replace(state, status="kept", end=PlanEnd(day))
        case events.PlanResumed():
            return replace(state, status="in_force", end=None)
        case events.PlanCancelled():
            return replace(state, status="cancelled", end=PlanEnd(day, text=event.cause))
        case _:
            assert_never(event)


def _agreed(state: PaymentPlan, recorded: Recorded, event: events.PlanAgreed) -> PaymentPlan:
    day = recorded.effective_on
    first = PlanSchedule(
        day, event.instalments, agreed_by=event.agreed_by, evidence_sha256=event.evidence_sha256
    )
    return replace(
        state,
        plan_id=event.plan_id,
        entity_id=recorded.entity,
        customer_id=event.customer_id,
        currency=event.currency,
        invoices=event.invoices,
        total_minor=event.total_minor,
        interest=event.interest,
        grace_days=event.grace_days,
        agreed_on=day,
        schedules=(first,),
    )
