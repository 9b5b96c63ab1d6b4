"""Rules of a task."""

from __future__ import annotations

from dunning_svc.domain.task.commands import CompleteTask
from dunning_svc.domain.task.state import Task
from encours.contracts.events.dunning.reminders import TaskCompleted
from encours.kernel.errors import Refusal


class TaskIsCompleted(Refusal):
    """The task has been completed with another outcome."""

    code = "task-completed"
    title = "Task has another outcome"
    remedy = "Get the task for its outcome, which is final."


def complete(state: Task, cmd: CompleteTask) -> list[TaskCompleted]:
    """Complete the task; no event if it has that outcome. Raises :class:`TaskIsCompleted` for another one."""
    assert state.opened is not None
    if state.outcome is not None:
        if (state.outcome, state.text) == (cmd.outcome, cmd.text):
            return []
        raise TaskIsCompleted(f"It was completed on {state.completed_on}: {state.outcome}.")
    return [
        TaskCompleted(
            task_id=cmd.task_id,
            customer_id=state.opened.customer_id,
            outcome=cmd.outcome,
            text=cmd.text,
        )
    ]
