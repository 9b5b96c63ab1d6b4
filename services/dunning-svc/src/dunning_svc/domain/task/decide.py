"""Rules of a task."""

from __future__ import annotations

from dunning_svc.domain.task.commands import CompleteTask
from dunning_svc.domain.task.state import Task
from encours.contracts.dunning import TaskCompleted
from encours.kernel.errors import Conflict, NotFound


def complete(state: Task, cmd: CompleteTask) -> list[TaskCompleted]:
    """Return nothing when it was completed so already. Raises 404, and 409 for another outcome."""
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
