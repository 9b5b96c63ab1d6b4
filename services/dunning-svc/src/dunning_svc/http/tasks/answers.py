"""Answers about tasks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from dunning_svc.domain.task.state import TASK, Task
from encours.contracts.events.dunning.reminders import TaskOpened, TaskRaised
from encours.http.answers import Answer
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf


class TaskOut(BaseModel):
    """Work for a person."""

    id: str
    decision_id: str | None = Field(description="Null for a task that does not follow from the ladder.")
    customer_id: str
    entity_id: str
    day: date
    kind: Literal["call", "litigation_file", "address", "reply", "unserved", "insolvency_claim"] = Field(
        description="`address`: mail came back. `reply`: the debtor wrote something that needs an answer. "
        "`unserved`: the run of the day could not decide about the customer, for the cause. "
        "`insolvency_claim`: claims to declare, with the last day in the cause as far as it is known; "
        "`GET /v1/customers/{id}/insolvency-claim` of invoice-svc has the claims."
    )
    step: str | None
    cause: str | None = Field(description="Reason of a task that does not follow from the ladder.")
    amount: MoneyModel | None
    invoice_ids: list[str]
    status: Literal["open", "completed"]
    outcome: str | None
    text: str | None
    completed_on: date | None

    @classmethod
    def of(cls, state: Task) -> TaskOut:
        """Return a task that was opened."""
        opened = state.opened
        assert opened is not None
        step = opened if isinstance(opened, TaskOpened) else None
        return cls(
            id=opened.task_id,
            decision_id=step and step.decision_id,
            customer_id=opened.customer_id,
            entity_id=state.entity_id,
            day=opened.day,
            kind=opened.kind,
            step=step and step.step,
            cause=opened.cause if isinstance(opened, TaskRaised) else None,
            amount=MoneyModel.of(opened.amount_minor, opened.currency) if opened.currency else None,
            invoice_ids=(
                list(opened.invoice_ids)
                if isinstance(opened, TaskRaised)
                else [item.invoice_id for item in opened.items]
            ),
            status="open" if state.outcome is None else "completed",
            outcome=state.outcome,
            text=state.text,
            completed_on=state.completed_on,
        )

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> TaskOut:
        """Return a row of the list."""
        return cls(
            id=row["task_id"],
            decision_id=row["decision_id"] or None,
            customer_id=row["customer_id"],
            entity_id=row["entity_id"],
            day=row["day"],
            kind=row["kind"],
            step=row["step"] or None,
            cause=row["cause"],
            amount=MoneyModel.of(row["amount_minor"], row["currency"]) if row["currency"] else None,
            invoice_ids=row["invoice_ids"],
            status=row["status"],
            outcome=row["outcome"],
            text=row["text"],
            completed_on=row["completed_on"],
        )


class TaskList(Listing[TaskOut], AsOf):
    """Tasks, newest first."""


class TaskAsOf(TaskOut, AsOf):
    """A task after a command."""


TASK_ANSWER = Answer(TASK, lambda state, *_: TaskOut.of(state))
