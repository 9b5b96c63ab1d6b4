"""A task and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.dunning import TaskCompleted, TaskOpened
from encours.ledger.states import Folder


@dataclass(frozen=True, slots=True)
class Task:
    """A task and its outcome; ``opened`` is None for an unknown one."""

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
