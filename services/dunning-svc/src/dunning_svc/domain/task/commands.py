"""Commands on a task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

RaisedKind = Literal["call", "address", "payment", "dispute", "other"]
"""Kinds of tasks that a person may open."""
TaskOutcome = Literal[
    "done",
    "promised",
    "paid_says",
    "disputed",
    "no_answer",
    "wrong_contact",
    "approved",
    "declined",
    "other",
]
"""``paid_says``: the debtor says that it has paid. ``no_answer``: call again. ``approved`` and ``declined`` are for
approvals alone."""


@dataclass(frozen=True, slots=True)
class RaiseTask:
    """A task that a person opens. The amount may be left out where there are invoices."""

    task_id: str
    customer_id: str
    kind: RaisedKind
    cause: str
    due_on: date | None
    invoice_ids: tuple[str, ...]
    amount_minor: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class PromisedPayment:
    """Promise of a debtor; the amount and the invoices of the task if they are left out, as far as they are its own."""

    promised_on: date
    amount_minor: int | None = None
    currency: str | None = None
    invoice_ids: tuple[str, ...] = ()
    customer_id: str | None = None
    """Debtor; ``None`` where the task is about one alone."""


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """The outcome of the work. ``next_on`` is the due day of the task that follows."""

    task_id: str
    outcome: TaskOutcome
    text: str | None = None
    promises: tuple[PromisedPayment, ...] = ()
    paid_on: date | None = None
    next_on: date | None = None


@dataclass(frozen=True, slots=True)
class PostponeTask:
    """Another day by which the task is to be done."""

    task_id: str
    due_on: date
    cause: str


@dataclass(frozen=True, slots=True)
class ReopenTask:
    """A completed task becomes open again."""

    task_id: str
    due_on: date | None
    cause: str
