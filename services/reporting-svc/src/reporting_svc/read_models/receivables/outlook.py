"""Rows about payments to come: promises, payment plans and placements, as events state them; never changed again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from encours.contracts import Recorded
from encours.contracts.events.dunning.placements import InvoicesPlaced, InvoicesRecalled
from encours.contracts.events.dunning.promises import (
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseWithdrawn,
)
from encours.contracts.events.money.plan import (
    PlanAgreed,
    PlanBroken,
    PlanCancelled,
    PlanKept,
    PlanRescheduled,
    PlanResumed,
)
from encours.projection.rows import Row
from reporting_svc.read_models.receivables.rows import INVOICE_ID

PromiseEvent = PromiseMade | PromiseKept | PromiseBroken | PromiseWithdrawn
PlanEvent = PlanAgreed | PlanRescheduled | PlanBroken | PlanKept | PlanResumed | PlanCancelled


class PromisedPaymentRow(Row, kw_only=True):
    """A promise from an event on: ``state`` is the last word of its type, such as ``made`` or ``kept``."""

    TABLE: ClassVar[str] = "promised_payment"
    KEY: ClassVar[tuple[str, ...]] = ("promise_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id)",
        "(promised_on)",
        "(effective_on) where state = 'broken'",
        "(suspended_until) where state = 'made'",
    )
    promise_id: str
    position: int
    effective_on: date
    entity: str
    customer_id: str
    currency: str
    invoice_ids: list[str]
    amount_minor: int
    received_minor: int
    """Received in time; 0 until the promise is judged."""
    promised_on: date
    suspended_until: date | None
    """Last day of grace of a promise that is made."""
    state: str

    @classmethod
    def of(cls, e: Recorded, data: PromiseEvent) -> PromisedPaymentRow:
        """Return the row of an event."""
        return cls(
            promise_id=data.promise_id,
            position=e.position,
            effective_on=e.effective_on,
            entity=e.entity,
            customer_id=data.customer_id,
            currency=data.currency,
            invoice_ids=list(data.invoice_ids),
            amount_minor=data.amount_minor,
            received_minor=data.received_minor if isinstance(data, PromiseKept | PromiseBroken) else 0,
            promised_on=data.promised_on,
            suspended_until=data.suspended_until if isinstance(data, PromiseMade) else None,
            state=e.type.removeprefix("promise."),
        )


class PlanScheduleRow(Row, kw_only=True):
    """A payment plan from an event on; ``schedule`` has ``<date> <amount>`` of each instalment that it agrees."""

    TABLE: ClassVar[str] = "plan_schedule"
    KEY: ClassVar[tuple[str, ...]] = ("plan_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)
    plan_id: str
    position: int
    effective_on: date
    entity: str
    customer_id: str
    currency: str
    in_force: bool
    schedule: list[str]
    """Empty for an event that leaves the instalments as they were."""

    @classmethod
    def of(cls, e: Recorded, data: PlanEvent) -> PlanScheduleRow:
        """Return the row of an event."""
        agreed = data.instalments if isinstance(data, PlanAgreed | PlanRescheduled) else ()
        return cls(
            plan_id=data.plan_id,
            position=e.position,
            effective_on=e.effective_on,
            entity=e.entity,
            customer_id=data.customer_id,
            currency=data.currency,
            in_force=isinstance(data, PlanAgreed | PlanRescheduled | PlanResumed),
            schedule=[f"{each.due_on} {each.amount_minor}" for each in agreed],
        )


class PlacedInvoiceRow(Row, kw_only=True):
    """An invoice that is handed over to a partner, or recalled, from an event on."""

    TABLE: ClassVar[str] = "placed_invoice"
    KEY: ClassVar[tuple[str, ...]] = ("placement_id", "invoice_id", "position")
    placement_id: str
    invoice_id: Annotated[str, INVOICE_ID]
    position: int
    effective_on: date
    is_placed: bool

    @classmethod
    def of(cls, e: Recorded, data: InvoicesPlaced | InvoicesRecalled) -> list[PlacedInvoiceRow]:
        """Return the rows of an event."""
        match data:
            case InvoicesPlaced():
                named = tuple(each.invoice_id for each in data.invoices)
            case InvoicesRecalled():
                named = data.invoice_ids
        return [
            cls(
                placement_id=data.placement_id,
                invoice_id=invoice_id,
                position=e.position,
                effective_on=e.effective_on,
                is_placed=isinstance(data, InvoicesPlaced),
            )
            for invoice_id in dict.fromkeys(named)
        ]
