"""The table of tasks."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

import msgspec
from msgspec import field

from encours.projection.rows import Row


class TaskState(msgspec.Struct, frozen=True, kw_only=True):
    """State of a task since an event, which stands at ``position`` and counts from the day ``on``."""

    position: int
    on: date
    status: Literal["open", "completed"]
    due_on: date
    owner: str | None = None
    """Code of the collector to whom the task was given."""
    outcome: str | None = None
    text: str | None = None
    completed_on: date | None = None
    paid_on: date | None = None
    promise_id: str | None = None
    further_promise_ids: tuple[str, ...] = ()
    follow_up_id: str | None = None


class TaskRow(Row, kw_only=True):
    """Work for a person; without decision and step if it does not follow from the ladder.

    ``states``: every :class:`TaskState` as JSON, oldest first, so that the task can be shown as it was on any day;
    ``closed_position`` and ``closed_on``: the last completion; None while the task is open.
    """

    TABLE: ClassVar[str] = "task"
    KEY: ClassVar[tuple[str, ...]] = ("task_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(position)",
        "(customer_id, position)",
        "(customer_id) where closed_position is null",
        "using gin (debtor_ids)",
    )

    task_id: str
    decision_id: str
    customer_id: str
    entity_id: str
    day: date
    kind: str
    step: str
    currency: str
    amount_minor: int
    invoice_ids: list[str]
    position: int
    cause: str | None
    follows_id: str | None
    states: list[str]
    debtor_ids: list[str] = field(default_factory=list)
    """Customers whose cases were decided together, or whose invoices are named; none for one case alone."""
    closed_position: int | None = None
    closed_on: date | None = None

    @property
    def state(self) -> TaskState:
        """The last state."""
        return msgspec.json.decode(self.states[-1], type=TaskState)

    def moved(self, state: TaskState) -> TaskRow:
        """Return the row with another state."""
        completed = state.status == "completed"
        return msgspec.structs.replace(
            self,
            states=[*self.states, _written(state)],
            closed_position=(self.closed_position or state.position) if completed else None,
            closed_on=(self.closed_on or state.on) if completed else None,
        )


def first_state(position: int, day: date, due_on: date, owner: str | None = None) -> list[str]:
    """Return the column ``states`` of a task that is opened."""
    return [_written(TaskState(position=position, on=day, status="open", due_on=due_on, owner=owner))]


def _written(state: TaskState) -> str:
    return msgspec.json.encode(state).decode()
