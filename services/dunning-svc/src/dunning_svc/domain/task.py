"""Tasks: what a step asks a person to do. The ladder goes on whether anybody does it or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.dunning import TaskCompleted, TaskOpened
from encours.kernel.errors import Conflict, NotFound
from encours.ledger.states import Folder


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """What came of it."""

    task_id: str
    outcome: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Task:
    """A task and its outcome."""

    opened: TaskOpened | None = None
    entity_id: str = ""
    outcome: str | None = None
    text: str | None = None
    completed_on: date | None = None


def _evolve(state: Task, e: Recorded) -> Task:
    match e.data:
        case TaskOpened():
            return Task(e.data, e.entity)
        case TaskCompleted():
            return replace(state, outcome=e.data.outcome, text=e.data.text, completed_on=e.effective_on)
        case _:
            return state


TASK = Folder(Task, _evolve)


def complete(state: Task, cmd: CompleteTask) -> list[TaskCompleted]:
    """Nothing when it was completed so already. Raises 404, and 409 for another outcome."""
    if state.opened is None:
        raise NotFound("task", cmd.task_id)
    if state.outcome is not None:
        if (state.outcome, state.text) == (cmd.outcome, cmd.text):
            return []
        raise Conflict("task-completed", f"It was completed on {state.completed_on}: {state.outcome}.")
    return [
        TaskCompleted(
            task_id=cmd.task_id,
            customer_id=state.opened.customer_id,
            outcome=cmd.outcome,
            text=cmd.text,
        )
    ]
