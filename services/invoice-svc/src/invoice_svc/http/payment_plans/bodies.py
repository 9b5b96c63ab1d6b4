"""Request bodies of /v1/payment-plans."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from encours.contracts.common import Instalment
from encours.contracts.events.money.plan import PlanInterest
from encours.http.models import Body, BusinessDate, Count, PositiveMoney, ShortText
from encours.kernel.ids import new_id
from invoice_svc.domain.instalments import RescheduleInvoice
from invoice_svc.domain.plan.commands import AgreePlan, BreakPlan, CancelPlan, ReschedulePlan, ResumePlan
from invoice_svc.http.common import CustomerId, InvoiceId
from invoice_svc.http.invoices.bodies import MAX_INSTALMENTS

MAX_INVOICES = 200
GRACE_DAYS = 5
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class InstalmentBody(Body):
    """Amount to be paid by a day."""

    due_on: BusinessDate
    amount: PositiveMoney


class ScheduleBody(Body):
    """Instalments in the order of their dates, in one currency."""

    instalments: list[InstalmentBody] = Field(min_length=1, max_length=MAX_INSTALMENTS)
    agreed_by: ShortText | None = Field(default=None, description="Person who agreed for the customer.")
    evidence_sha256: Sha256 | None = Field(default=None, description="Hash of the signed agreement.")

    @model_validator(mode="after")
    def _one_currency(self) -> ScheduleBody:
        if len({each.amount.currency for each in self.instalments}) > 1:
            raise PydanticCustomError(
                "instalments", "Use one currency in all instalments.", {"pointer": "/instalments"}
            )
        return self

    @property
    def currency(self) -> str:
        """Currency of the instalments."""
        return self.instalments[0].amount.currency

    def to_instalments(self) -> tuple[Instalment, ...]:
        """Return the instalments as the rules take them."""
        return tuple(
            Instalment(due_on=each.due_on, amount_minor=each.amount.minor) for each in self.instalments
        )


class PlanBody(ScheduleBody):
    """A payment plan over all that is outstanding on invoices. Its instalments add up to that amount."""

    customer_id: CustomerId = Field(
        description="Customer who owes the invoices, or pays for the one who does."
    )
    invoice_ids: list[InvoiceId] = Field(min_length=1, max_length=MAX_INVOICES)
    interest: PlanInterest = Field(
        default="runs",
        description="Late-payment interest for the days of the plan: `runs` as without it; `suspended`: none until the "
        "plan has ended; `waived_if_kept`: none if it is kept, all of it if it is broken.",
    )
    grace_days: Annotated[Count, Field(le=60)] = Field(
        default=GRACE_DAYS,
        description="Days after the date of an instalment on which it may still be paid before the plan is broken.",
    )

    @model_validator(mode="after")
    def _each_once(self) -> PlanBody:
        if len(set(self.invoice_ids)) < len(self.invoice_ids):
            raise PydanticCustomError("invoices", "Name each invoice once.", {"pointer": "/invoice_ids"})
        return self

    def to_command(self) -> AgreePlan:
        """Return the command."""
        return AgreePlan(
            plan_id=new_id("pln"),
            customer_id=self.customer_id,
            invoice_ids=tuple(self.invoice_ids),
            instalments=self.to_instalments(),
            currency=self.currency,
            interest=self.interest,
            grace_days=self.grace_days,
            agreed_by=self.agreed_by,
            evidence_sha256=self.evidence_sha256,
        )


class RescheduleBody(ScheduleBody):
    """New instalments, which add up to what payments have left of the plan."""

    reason: ShortText = Field(examples=["Seasonal low"])

    def to_command(self, plan_id: str) -> ReschedulePlan:
        """Return the command."""
        return ReschedulePlan(
            plan_id=plan_id,
            instalments=self.to_instalments(),
            currency=self.currency,
            cause=self.reason,
            agreed_by=self.agreed_by,
            evidence_sha256=self.evidence_sha256,
        )


class InvoiceScheduleBody(ScheduleBody):
    """Instalments over all that was ever owed of an invoice, paid or not; earlier dates than today are allowed."""

    reason: ShortText = Field(examples=["Agreed with the customer"])

    def to_command(self, invoice_id: str) -> RescheduleInvoice:
        """Return the command."""
        return RescheduleInvoice(
            invoice_id=invoice_id,
            instalments=self.to_instalments(),
            currency=self.currency,
            cause=self.reason,
            agreed_by=self.agreed_by,
            evidence_sha256=self.evidence_sha256,
        )


class BreakBody(Body):
    """End of a plan before its time."""

    reason: ShortText = Field(examples=["The customer stopped paying"])
    on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, plan_id: str) -> BreakPlan:
        """Return the command."""
        return BreakPlan(plan_id, self.reason, self.on)


class ResumeBody(Body):
    """Reason why the break of a plan is taken back."""

    reason: ShortText = Field(examples=["The transfer had come in time"])

    def to_command(self, plan_id: str) -> ResumePlan:
        """Return the command."""
        return ResumePlan(plan_id, self.reason)


class CancelPlanBody(Body):
    """Reason why a plan is given up."""

    reason: ShortText = Field(examples=["Agreed with the wrong invoices"])

    def to_command(self, plan_id: str) -> CancelPlan:
        """Return the command."""
        return CancelPlan(plan_id, self.reason)
