"""Answers of /v1/payment-plans."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from encours.contracts.common import Instalment
from encours.contracts.events.money.plan import PlanInterest
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.plan.standing import InstalmentStanding, PlanStanding
from invoice_svc.domain.plan.state import PaymentPlan, PlanEnd, PlanSchedule, PlanStatus
from invoice_svc.http.common import iso
from invoice_svc.use_cases.folds import PLAN


class PlannedInvoiceOut(BaseModel):
    """An invoice on the plan, with what was outstanding when it was agreed."""

    invoice_id: str
    number: str
    amount: MoneyModel


class InstalmentOut(BaseModel):
    """An instalment as agreed."""

    due_on: date
    amount: MoneyModel

    @classmethod
    def of(cls, instalment: Instalment, currency: str) -> Json:
        """Show an instalment."""
        return {
            "due_on": instalment.due_on.isoformat(),
            "amount": money_json(instalment.amount_minor, currency),
        }


class ScheduleOut(BaseModel):
    """Instalments as agreed on a day."""

    agreed_on: date
    settled: MoneyModel = Field(description="Amount that payments had covered before.")
    instalments: list[InstalmentOut]
    reason: str | None
    agreed_by: str | None
    evidence_sha256: str | None

    @classmethod
    def of(cls, schedule: PlanSchedule, currency: str) -> Json:
        """Show a schedule."""
        return {
            "agreed_on": schedule.agreed_on.isoformat(),
            "settled": money_json(schedule.settled_minor, currency),
            "instalments": [InstalmentOut.of(each, currency) for each in schedule.instalments],
            "reason": schedule.cause,
            "agreed_by": schedule.agreed_by,
            "evidence_sha256": schedule.evidence_sha256,
        }


class PlanEndOut(BaseModel):
    """End of a plan. `missed` is the first instalment that was not covered at the end of its days of grace."""

    on: date
    cause: str | None
    reason: str | None
    missed: InstalmentOut | None
    missing: MoneyModel = Field(description="Amount of instalments past their date that no payment covered.")

    @classmethod
    def of(cls, end: PlanEnd, currency: str) -> Json:
        """Show the end of a plan."""
        return {
            "on": end.on.isoformat(),
            "cause": end.cause,
            "reason": end.text,
            "missed": None if end.missed is None else InstalmentOut.of(end.missed, currency),
            "missing": money_json(end.missing_minor, currency),
        }


class PlanOut(AsOf):
    """A payment plan as of a date."""

    id: str
    customer_id: str
    entity_id: str
    currency: str
    status: PlanStatus
    agreed_on: date = Field(
        description="The plan acknowledges the debts, which interrupts limitation (C. civ. 2240)."
    )
    total: MoneyModel
    invoices: list[PlannedInvoiceOut]
    interest: PlanInterest
    grace_days: int
    instalments: list[InstalmentOut] = Field(description="Those in force.")
    schedules: list[ScheduleOut] = Field(description="All that were agreed, the first one first.")
    end: PlanEndOut | None
    version: int

    @classmethod
    def of(cls, state: PaymentPlan, version: int, as_of: date) -> Json:
        """Show a plan."""
        currency = state.currency
        return {
            "id": state.plan_id,
            "customer_id": state.customer_id,
            "entity_id": state.entity_id,
            "currency": currency,
            "status": state.status,
            "agreed_on": iso(state.agreed_on),
            "total": money_json(state.total_minor, currency),
            "invoices": [
                {
                    "invoice_id": each.invoice_id,
                    "number": each.number,
                    "amount": money_json(each.amount_minor, currency),
                }
                for each in state.invoices
            ],
            "interest": state.interest,
            "grace_days": state.grace_days,
            "instalments": [InstalmentOut.of(each, currency) for each in state.schedule.instalments],
            "schedules": [ScheduleOut.of(each, currency) for each in state.schedules],
            "end": None if state.end is None else PlanEndOut.of(state.end, currency),
            "version": version,
        }


class InstalmentStandingOut(BaseModel):
    """An instalment as payments have left it."""

    due_on: date
    amount: MoneyModel = Field(description="What is to be paid after credit notes and disputes.")
    covered: MoneyModel
    covered_on: date | None = Field(description="Day from which funds cover all of it.")
    status: Literal["covered", "not_due", "late", "missed", "nothing_due"]

    @classmethod
    def of(cls, found: InstalmentStanding, state: PaymentPlan, as_of: date, *, missed: bool) -> Json:
        """Show an instalment on a day."""
        if found.missing_minor == 0:
            status = "covered" if found.amount_minor else "nothing_due"
        elif found.due_on >= as_of:
            status = "not_due"
        else:
            status = "missed" if missed else "late"
        return {
            "due_on": found.due_on.isoformat(),
            "amount": money_json(found.amount_minor, state.currency),
            "covered": money_json(found.covered_minor, state.currency),
            "covered_on": iso(found.covered_on),
            "status": status,
        }


class PlanStandingOut(BaseModel):
    """Instalments against the payments. Payments settle them in order, whichever invoice of the plan they were on."""

    received: MoneyModel = Field(description="Payments applied to its invoices since it was agreed.")
    unapplied: MoneyModel = Field(description="Unapplied cash of the customer that counts towards it.")
    left: MoneyModel = Field(description="Still to be paid, less the unapplied cash.")
    late: MoneyModel = Field(description="Instalments past their date that no funds cover.")
    instalments: list[InstalmentStandingOut]

    @classmethod
    def of(cls, found: PlanStanding, state: PaymentPlan, as_of: date) -> Json:
        """Show the standing on a day."""
        missed = found.missed(as_of, state.grace_days)
        late = sum(each.missing_minor for each in found.late(as_of))
        return {
            "received": money_json(found.received_minor, state.currency),
            "unapplied": money_json(found.cash_minor, state.currency),
            "left": money_json(found.left_minor - found.cash_minor, state.currency),
            "late": money_json(late, state.currency),
            "instalments": [
                InstalmentStandingOut.of(each, state, as_of, missed=each in missed)
                for each in found.instalments
            ],
        }


class PlanWithStandingOut(PlanOut):
    """A payment plan, and its instalments against the payments as of the date."""

    standing: PlanStandingOut


class PlanListing(AsOf, Listing[PlanOut]):
    """A page of payment plans."""


PLAN_ANSWER = Answer(PLAN, PlanOut.of)
