"""A task, its due day and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.dunning.reminders import TaskCompleted, TaskOpened, TaskRaised
from encours.contracts.events.dunning.tasks import TaskAssigned, TaskPostponed, TaskReopened
from encours.contracts.events.invoice import InvoiceIssued
from encours.kernel.errors import NotFound
from encours.ledger.states import Folder


class TaskNotFound(NotFound):
    """The ledger has no task of this id."""

    code = "task-not-found"
    title = "Task not found"
    remedy = "Use an id from GET /v1/tasks."


class ClaimNotFound(NotFound):
    """The ledger has no issued invoice of this id."""

    code = "invoice-not-found"
    title = "Invoice not found"
    remedy = "Use an id from GET /v1/invoices."


@dataclass(frozen=True, slots=True)
class Task:
    """A task and its outcome. ``opened`` is None before the first event only.

    ``completions``: how often it was completed, after it was reopened too.
    """

    opened: TaskOpened | TaskRaised | None = None
    entity_id: str = ""
    due_on: date = date.max
    owner: str | None = None
    completed: TaskCompleted | None = None
    completed_on: date | None = None
    completions: int = 0

    @property
    def begun(self) -> TaskOpened | TaskRaised:
        """The event that opened the task."""
        assert self.opened is not None
        return self.opened

    @property
    def outcome(self) -> str | None:
        """Outcome of the task; ``None`` while it is open."""
        return None if self.completed is None else self.completed.outcome

    @property
    def invoice_ids(self) -> tuple[str, ...]:
        """Invoices that the task is about."""
        if isinstance(self.opened, TaskOpened):
            return tuple(item.invoice_id for item in self.opened.items)
        return () if self.opened is None else self.opened.invoice_ids


def _evolve(state: Task, e: Recorded) -> Task:
    match e.data:
        case TaskOpened():
            return Task(e.data, e.entity, e.data.day)
        case TaskRaised():
            return Task(e.data, e.entity, e.data.due_on or e.data.day, e.data.owner)
        case TaskPostponed():
            return replace(state, due_on=e.data.due_on)
        case TaskAssigned():
            return replace(state, owner=e.data.owner)
        case TaskReopened():
            return replace(state, due_on=e.data.due_on, completed=None, completed_on=None)
        case TaskCompleted():
            completions = state.completions + 1
            return replace(state, completed=e.data, completed_on=e.effective_on, completions=completions)
        case _:
            return state


TASK = Folder(Task, _evolve, TaskNotFound)


@dataclass(frozen=True, slots=True)
class TaskClaim:
    """The debtor and the currency of an issued invoice; empty before its issue."""

    customer_id: str = ""
    currency: str = ""


def _claim(state: TaskClaim, e: Recorded) -> TaskClaim:
    return TaskClaim(e.data.customer_id, e.data.currency) if isinstance(e.data, InvoiceIssued) else state


CLAIM = Folder(TaskClaim, _claim, ClaimNotFound)
