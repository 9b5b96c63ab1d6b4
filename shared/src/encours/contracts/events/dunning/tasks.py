"""Changes of tasks between their opening and their outcome. Appended by dunning-svc. Stream: the task id."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts.base import Event


class TaskPostponed(Event, frozen=True, kw_only=True):
    """The task is to be done by another day."""

    TYPE: ClassVar[str] = "task.postponed"
    task_id: str
    customer_id: str
    due_on: date
    cause: str


class TaskAssigned(Event, frozen=True, kw_only=True):
    """The task is given to a collector, or back to the one who looks after the customer."""

    TYPE: ClassVar[str] = "task.assigned"
    task_id: str
    customer_id: str
    owner: str | None
    """Code of the collector; ``None`` for the customer's collector."""
    cause: str


class TaskReopened(Event, frozen=True, kw_only=True):
    """The outcome was wrong: the task is open again. A promise and a task that followed from it stay."""

    TYPE: ClassVar[str] = "task.reopened"
    task_id: str
    customer_id: str
    due_on: date
    cause: str
