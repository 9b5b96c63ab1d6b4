"""A task and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.dunning.reminders import TaskCompleted, TaskOpened, TaskRaised
from encours.kernel.errors import NotFound
from encours.ledger.states import Folder


class TaskNotFound(NotFound):
    """The ledger has no task of this id."""

    code = "task-not-found"
    title = "Task not found"
    remedy = "Use an id from GET /v1/tasks."


@dataclass(frozen=True, slots=True)
class Task:
    """A task and its outcome. ``opened`` is None before the first event only."""

    opened: TaskOpened | TaskRaised | None = None
    entity_id: str = ""
    outcome: str | None = None
    text: str | None = None
    completed_on: date | None = None


def _evolve(state: Task, e: Recorded) -> Task:
    match e.data:
        case TaskOpened() | TaskRaised():
            return Task(e.data, e.entity)
        case TaskCompleted():
            return replace(state, outcome=e.data.outcome, text=e.data.text, completed_on=e.effective_on)
        case _:
            return state


TASK = Folder(Task, _evolve, TaskNotFound)
