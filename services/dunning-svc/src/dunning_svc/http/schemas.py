"""Bodies and answers of this service's API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, Field

from encours.contracts.dunning import DunnedItem
from encours.http.models import Body, BusinessDate, Id, LongText, MoneyModel, ShortText
from encours.http.paging import Listing
from encours.http.queries import AsOf

CustomerId = Annotated[str, Id("cus")]
InvoiceId = Annotated[str, Id("inv")]
CustomerPath = Annotated[str, Path(alias="id"), Id("cus")]
ReminderPath = Annotated[str, Path(alias="id"), Id("rem")]
TaskPath = Annotated[str, Path(alias="id"), Id("tsk")]
DecisionPath = Annotated[str, Path(alias="id"), Id("dec")]

ReminderStatus = Literal["requested", "sent", "failed", "suppressed", "unconfirmed"]


class StepOut(BaseModel):
    """One rung of a ladder."""

    code: str = Field(examples=["J+30"])
    offset_days: int = Field(description="Days from the due date; below zero before it.")
    act: str
    template: str


class PolicyOut(BaseModel):
    """A version of a ladder."""

    id: str
    version: int
    name: str
    active: bool
    steps: list[StepOut]
    addressed: list[str] = Field(
        description="Channels that are not taken for a customer without the e-mail or postal address they need."
    )


class PolicyList(Listing[PolicyOut], AsOf):
    """Every policy."""


class ItemOut(BaseModel):
    """What one invoice contributed to a decision."""

    invoice_id: str
    invoice_version: int
    number: str
    due_on: date
    days_past_due: int
    open: MoneyModel
    disputed: MoneyModel
    asked: MoneyModel
    step: str | None = Field(description="The step that it took; null where it was only listed.")

    @classmethod
    def of(cls, item: DunnedItem, currency: str) -> ItemOut:
        """From the event."""
        return cls(
            invoice_id=item.invoice_id,
            invoice_version=item.invoice_version,
            number=item.number,
            due_on=item.due_on,
            days_past_due=item.days_past_due,
            open=MoneyModel.of(item.open_minor, currency),
            disputed=MoneyModel.of(item.disputed_minor, currency),
            asked=MoneyModel.of(item.asked_minor, currency),
            step=item.step or None,
        )


class ReminderOut(BaseModel):
    """A reminder, sent or not, and what became of it."""

    id: str
    decision_id: str
    customer_id: str
    entity_id: str
    day: date
    channel: str
    step: str
    template: str | None
    language: str | None
    amount: MoneyModel = Field(description="Asked for, after credit.")
    credit: MoneyModel = Field(description="Unapplied payments, shown and deducted.")
    invoice_ids: list[str]
    status: ReminderStatus
    cause: str | None = Field(description="Why it was suppressed.")
    message_id: str | None
    evidence: str | None = Field(description="The mail server's words, or the digest of the letter.")
    requested_position: int
    outcome_on: date | None


class ReminderList(Listing[ReminderOut], AsOf):
    """Reminders, newest first."""


class ReminderAsOf(ReminderOut, AsOf):
    """A reminder with its items, at the dates asked for."""

    items: list[ItemOut]


class TaskOut(BaseModel):
    """Work for a person."""

    id: str
    decision_id: str
    customer_id: str
    entity_id: str
    day: date
    kind: Literal["call", "litigation_file"]
    step: str
    amount: MoneyModel
    invoice_ids: list[str]
    status: Literal["open", "completed"]
    outcome: str | None
    text: str | None
    completed_on: date | None


class TaskList(Listing[TaskOut], AsOf):
    """Tasks, newest first."""


class CompleteBody(Body):
    """What came of a task."""

    outcome: ShortText = Field(examples=["promised to pay"])
    text: LongText | None = None


class HoldBody(Body):
    """A rest from dunning."""

    until: BusinessDate = Field(description="The last day of rest; a day that has passed ends a hold.")
    reason: ShortText


class HoldOut(BaseModel):
    """A customer's hold."""

    customer_id: str
    until: date
    reason: str
    placed_on: date


class RunBody(Body):
    """Which day."""

    on: BusinessDate


class RunOut(BaseModel):
    """The run of a day."""

    on: date
    status: Literal["open", "completed"]
    late: bool = Field(description="The day had passed when it was opened: nothing was sent for it.")
    requested: int
    suppressed: int
    tasks: int
    pending: int


class RunList(Listing[RunOut], AsOf):
    """Runs, newest first."""


class PlannedOut(BaseModel):
    """What a run would decide for one customer."""

    customer_id: str
    entity_id: str
    kind: Literal["reminder", "suppressed", "task"]
    channel: str
    step: str
    cause: str | None
    amount: MoneyModel
    credit: MoneyModel
    items: list[ItemOut]


class RunPreview(BaseModel):
    """What would leave on that day if nothing happened until then. Nothing was written."""

    dry_run: Literal[True]
    on: date
    position: int
    requested: int
    suppressed: int
    tasks: int
    data: list[PlannedOut]
    truncated: bool = Field(description="Only the first 1,000 are listed; the counts are of all.")


class BasisOut(BaseModel):
    """What a decision rested on."""

    policy_id: str
    policy_version: int
    position: int
    input_events: list[int]


class DecisionOut(AsOf):
    """A decision as it was written down."""

    id: str
    kind: Literal["reminder", "suppressed", "task"]
    subject_id: str = Field(description="The reminder or task that it led to.")
    customer_id: str
    entity_id: str
    day: date
    channel: str
    step: str
    cause: str | None
    amount: MoneyModel
    credit: MoneyModel
    items: list[ItemOut]
    superseded: list[str]
    basis: BasisOut


class ExplanationOut(AsOf):
    """Why, in words."""

    decision_id: str
    lang: Literal["fr", "en"]
    summary: str
    reasons: list[str]
    basis: BasisOut


class ReperformedOut(BaseModel):
    """The stored decision against the one that the ledger leads to."""

    decision_id: str
    equal: bool
    differences: list[str]
    position: int = Field(description="The position that the decision saw.")


class HoldSeen(BaseModel):
    """A hold in force."""

    until: date
    reason: str | None


class CreditOut(BaseModel):
    """Unapplied payments in one currency."""

    entity_id: str
    unapplied: MoneyModel


class NextStep(BaseModel):
    """What comes next for an item."""

    code: str
    on: date


class CaseItem(BaseModel):
    """An open invoice on the ladder."""

    invoice_id: str
    entity_id: str
    number: str
    due_on: date
    days_past_due: int
    open: MoneyModel
    disputed: MoneyModel
    level: str | None = Field(description="The highest step taken.")
    suppressed: list[str] = Field(description="Steps that were held back.")
    next_step: NextStep | None


class CaseOut(BaseModel):
    """A customer's dunning case."""

    customer_id: str
    entity_id: str
    name: str
    language: str
    email: str | None
    hold: HoldSeen | None
    credits: list[CreditOut]
    items: list[CaseItem]


class CaseList(Listing[CaseOut], AsOf):
    """Cases of customers with something open."""
