"""Bodies of tasks."""

from __future__ import annotations

from pydantic import Field

from dunning_svc.domain.task.commands import CompleteTask
from encours.http.models import Body, LongText, ShortText


class CompleteBody(Body):
    """The outcome of a task."""

    outcome: ShortText = Field(examples=["promised to pay"])
    text: LongText | None = None

    def to_command(self, task_id: str) -> CompleteTask:
        """Return the command."""
        return CompleteTask(task_id, self.outcome, self.text)
