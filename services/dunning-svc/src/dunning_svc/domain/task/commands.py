"""Commands on a task."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """The outcome of the work."""

    task_id: str
    outcome: str
    text: str | None
