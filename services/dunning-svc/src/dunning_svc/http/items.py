"""Item of a decision, in every answer about decisions."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from encours.contracts.events.dunning.reminders import (
    AwaitedApproval,
    DunnedItem,
    SendingHours,
    SuppressedStep,
)
from encours.contracts.events.dunning.together import DunnedDebtor
from encours.http.models import MoneyModel


class SuppressedStepOut(BaseModel):
    """A due step of an invoice that is not taken, and the cause."""

    invoice_id: str
    number: str
    step: str
    cause: str

    @classmethod
    def of(cls, step: SuppressedStep) -> SuppressedStepOut:
        """Return the suppressed step of an event."""
        return cls(invoice_id=step.invoice_id, number=step.number, step=step.step, cause=step.cause)


class AwaitedOut(BaseModel):
    """Approval that a message needs before it leaves."""

    role: str
    until: date = Field(description="Last day for an answer.")
    unanswered: Literal["decline", "send"] = Field(description="What follows without one.")

    @classmethod
    def of(cls, approval: AwaitedApproval | None) -> AwaitedOut | None:
        """Return the approval of a message, if it needs one."""
        if approval is None:
            return None
        return cls(role=approval.role, until=approval.until, unanswered=approval.unanswered)


class HoursOut(BaseModel):
    """Hours in which a message may leave, by the clock of a time zone."""

    first: str = Field(alias="from", examples=["09:00"])
    until: str = Field(description="Not included.", examples=["17:30"])
    time_zone: str
    business_days_of: str | None = Field(description="Country on whose business days it leaves only.")

    @classmethod
    def of(cls, hours: SendingHours | None) -> HoursOut | None:
        """Return the hours of a message, if it has any."""
        if hours is None:
            return None
        return cls.model_validate(
            {
                "from": hours.from_time,
                "until": hours.until_time,
                "time_zone": hours.time_zone,
                "business_days_of": hours.business_days_of,
            }
        )


class DunnedDebtorOut(BaseModel):
    """A customer whose case is decided together with those of the same payer or group."""

    customer_id: str
    name: str
    credit: MoneyModel = Field(
        description="Unapplied payments of this customer, deducted from its own items."
    )
    amount: MoneyModel
    since: date = Field(description="The policy is applied to this customer since that day.")

    @classmethod
    def of(cls, debtor: DunnedDebtor, currency: str) -> DunnedDebtorOut:
        """Return the customer of a decision."""
        return cls(
            customer_id=debtor.customer_id,
            name=debtor.name,
            credit=MoneyModel.of(debtor.credit_minor, currency),
            amount=MoneyModel.of(debtor.amount_minor, currency),
            since=debtor.since,
        )


DEBTORS = (
    "Customers whose cases were decided together, under a policy that groups by payer or group; else empty."
)


class ItemOut(BaseModel):
    """An invoice in a decision."""

    invoice_id: str
    invoice_version: int
    number: str
    due_on: date
    days_past_due: int
    open: MoneyModel
    disputed: MoneyModel
    on_plan: MoneyModel
    in_hand: MoneyModel
    later: MoneyModel = Field(description="Instalments that are not due yet.")
    stayed: MoneyModel = Field(description="Rest that insolvency proceedings of the debtor stay.")
    placed: MoneyModel = Field(description="Rest that a third party collects.")
    asked: MoneyModel
    step: str | None = Field(description="The step taken for it; null if it is only listed.")
    customer_id: str | None = Field(
        description="Debtor, where the decision is about all customers of a payer or a group."
    )

    @classmethod
    def of(cls, item: DunnedItem, currency: str) -> ItemOut:
        """Return the item of an event."""
        return cls(
            invoice_id=item.invoice_id,
            invoice_version=item.invoice_version,
            number=item.number,
            due_on=item.due_on,
            days_past_due=item.days_past_due,
            open=MoneyModel.of(item.open_minor, currency),
            disputed=MoneyModel.of(item.disputed_minor, currency),
            on_plan=MoneyModel.of(item.planned_minor, currency),
            in_hand=MoneyModel.of(item.in_hand_minor, currency),
            later=MoneyModel.of(item.later_minor, currency),
            stayed=MoneyModel.of(item.stayed_minor, currency),
            placed=MoneyModel.of(item.placed_minor, currency),
            asked=MoneyModel.of(item.asked_minor, currency),
            step=item.step or None,
            customer_id=item.customer_id,
        )
