"""Answers about tasks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from dunning_svc.domain.collector.ownership import TaskOwner
from dunning_svc.domain.task.state import TASK, Task
from encours.contracts.events.dunning.reminders import TaskOpened, TaskRaised
from encours.http.answers import Answer
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.kernel.ids import with_prefix

TaskKind = Literal[
    "call",
    "litigation_file",
    "address",
    "reply",
    "unserved",
    "insolvency_claim",
    "placement",
    "approval",
    "payment",
    "dispute",
    "title",
    "other",
]


class TaskOut(BaseModel):
    """Work for a person."""

    id: str
    decision_id: str | None = Field(description="Null for a task that does not follow from the ladder.")
    follows_id: str | None = Field(description="Task whose outcome it follows from.")
    customer_id: str
    entity_id: str
    day: date
    due_on: date
    assigned_to: str | None = Field(description="Collector to whom the task was given.")
    kind: TaskKind = Field(
        description="`address`: find another address or contact. `reply`: the debtor wrote something that needs an "
        "answer. `unserved`: the run of the day could not decide about the customer, for the cause. "
        "`insolvency_claim`: claims to declare, with the last day in the cause as far as it is known; "
        "`GET /v1/customers/{id}/insolvency-claim` of invoice-svc has the claims. `payment`: find the payment that the "
        "debtor says it has made. `dispute`: examine an objection. `placement`: tell a partner what happened to a "
        "placed invoice. `approval`: approve or decline the message of a step."
    )
    step: str | None
    cause: str | None = Field(description="Reason of a task that does not follow from the ladder.")
    reminder_id: str | None = Field(description="Reminder to approve or to decline.")
    amount: MoneyModel | None
    invoice_ids: list[str]
    status: Literal["open", "completed"]
    outcome: str | None
    text: str | None
    completed_on: date | None
    paid_on: date | None = Field(description="Day on which the debtor says that it has paid.")
    promise_id: str | None = Field(description="Promise that was made with the outcome.")
    further_promise_ids: list[str] = Field(description="Promises of the other debtors, if several promised.")
    follow_up_id: str | None = Field(description="Task that follows from the outcome.")

    @classmethod
    def of(cls, state: Task) -> TaskOut:
        """Return a task that was opened."""
        opened, completed = state.begun, state.completed
        step = opened if isinstance(opened, TaskOpened) else None
        return cls(
            id=opened.task_id,
            decision_id=step and step.decision_id,
            follows_id=opened.follows_id if isinstance(opened, TaskRaised) else None,
            customer_id=opened.customer_id,
            entity_id=state.entity_id,
            day=opened.day,
            due_on=state.due_on,
            assigned_to=state.owner,
            kind=opened.kind,
            step=step and step.step,
            cause=opened.cause if isinstance(opened, TaskRaised) else None,
            reminder_id=_proposal(opened.task_id, opened.kind),
            amount=_amount(opened.amount_minor, opened.currency),
            invoice_ids=list(state.invoice_ids),
            status="open" if completed is None else "completed",
            outcome=completed and completed.outcome,
            text=completed and completed.text,
            completed_on=state.completed_on,
            paid_on=completed and completed.paid_on,
            promise_id=completed and completed.promise_id,
            further_promise_ids=list(completed.further_promise_ids) if completed else [],
            follow_up_id=completed and completed.follow_up_id,
        )

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> TaskOut:
        """Return a row of the list."""
        return cls(
            id=row["task_id"],
            decision_id=row["decision_id"] or None,
            follows_id=row["follows_id"],
            customer_id=row["customer_id"],
            entity_id=row["entity_id"],
            day=row["day"],
            due_on=row["due_on"],
            assigned_to=row["assigned_to"],
            kind=row["kind"],
            step=row["step"] or None,
            cause=row["cause"],
            reminder_id=_proposal(row["task_id"], row["kind"]),
            amount=_amount(row["amount_minor"], row["currency"]),
            invoice_ids=row["invoice_ids"],
            status=row["status"],
            outcome=row["outcome"],
            text=row["text"],
            completed_on=row["completed_on"],
            paid_on=row["paid_on"],
            promise_id=row["promise_id"],
            further_promise_ids=row["further_promise_ids"],
            follow_up_id=row["follow_up_id"],
        )


def _proposal(task_id: str, kind: str) -> str | None:
    return with_prefix(task_id, "rem") if kind == "approval" else None


def _amount(amount_minor: int, currency: str | None) -> MoneyModel | None:
    return MoneyModel.of(amount_minor, currency) if currency and amount_minor else None


class OwnedTaskOut(TaskOut):
    """Work for a person, with its owner on the day of the question."""

    owner: str | None = Field(
        description="Collector whose task it is: to whom it was given, else who owns the customer, or a substitute. "
        "Null for a completed task, and if no portfolio admits the customer."
    )
    escalated_from: str | None = Field(
        description="Collector whose task it was until it was overdue too long."
    )

    @classmethod
    def owned(cls, row: Mapping[str, Any], owners: Mapping[str, TaskOwner]) -> OwnedTaskOut:
        """Return a row of the list with its owner."""
        owner = owners.get(row["task_id"], TaskOwner(None))
        return cls(**dict(TaskOut.of_row(row)), owner=owner.owner, escalated_from=owner.escalated_from)


class TaskList(Listing[OwnedTaskOut], AsOf):
    """Tasks, newest first."""


class TaskAsOf(TaskOut, AsOf):
    """A task after a command."""


TASK_ANSWER = Answer(TASK, lambda state, *_: TaskOut.of(state))
