"""Tasks of declaring claims in insolvency proceedings: one at a time, with the last day as far as it is known.

Proceedings raise the first one. Their publication sets the last day (:mod:`encours.legal.insolvency`). It replaces the
task, and so does each warning before that day, until a person completes one. Void proceedings complete the task.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunning_svc.domain.task.state import Task
from encours.contracts.events.dunning.reminders import TaskCompleted, TaskRaised
from encours.kernel.ids import derived_id
from encours.legal.insolvency import claim_deadline_rule, claim_warning_days

ClaimTaskEvent = TaskRaised | TaskCompleted
REPLACED = "replaced"
"""Outcome of a task in whose place another one with the last day, or a warning, was raised."""
VOIDED = "proceedings_void"
"""Outcome of a task whose proceedings are as if they had never been opened."""


@dataclass(frozen=True, slots=True)
class Proceedings:
    """Insolvency proceedings of a customer. ``published``: days of publication, in the order of their recording."""

    customer_id: str
    insolvency_id: str
    country: str
    opened_on: date
    published: tuple[date, ...] = ()
    over: bool = False
    void: bool = False

    @property
    def task_ids(self) -> Sequence[str]:
        """Return the ids of all tasks that may have been raised."""
        return [
            self.task_id(None, None),
            *(self.task_id(day, each) for day in self.published for each in _stages()),
        ]

    def task_id(self, published_on: date | None, warning_days: int | None) -> str:
        """Return the id of the task of a publication, and of a warning so many days before the last day."""
        parts = (self.customer_id, self.insolvency_id, str(published_on), str(warning_days))
        return derived_id("tsk", "insolvency claim", *parts)


def _stages() -> Iterator[int | None]:
    yield None
    yield from claim_warning_days()


def follow(
    known: Proceedings, tasks: Mapping[str, Task], creditor_country: str, day: date
) -> list[ClaimTaskEvent]:
    """Return the events about the tasks of proceedings on a day; none if nothing is new.

    ``tasks``: those of :attr:`Proceedings.task_ids` that were raised.
    """
    pending = [task_id for task_id, task in tasks.items() if task.outcome is None]
    if known.void:
        return [_completed(known, task_id, VOIDED) for task_id in pending]
    dealt_with = any(task.outcome not in (None, REPLACED) for task in tasks.values())
    raised = _task(known, creditor_country, day)
    if known.over or dealt_with or raised.task_id in tasks:
        return []
    return [*(_completed(known, task_id, REPLACED) for task_id in pending), raised]


def _task(known: Proceedings, creditor_country: str, day: date) -> TaskRaised:
    published_on = known.published[-1] if known.published else None
    rule = claim_deadline_rule(known.country, known.opened_on)
    text, warning = f"Declare the claims in the insolvency proceedings of {known.opened_on}", None
    last: date | None = None
    if rule is None:
        published_on = None
        text += f": no rule on file for {known.country}, ask the administrator or the court for the last day."
    elif published_on is None:
        text += f": the last day follows from the publication of the judgment ({rule.source})."
    else:
        last = rule.last_day(published_on, creditor_country)
        warning = _warning(last, day)
        text += f" by {last} (published on {published_on}; {rule.source})."
    return TaskRaised(
        task_id=known.task_id(published_on, warning),
        customer_id=known.customer_id,
        day=day,
        kind="insolvency_claim",
        cause=text,
        currency=None,
        amount_minor=0,
        invoice_ids=(),
        reminder_id=None,
        reply_id=None,
        due_on=last,
    )


def _warning(last: date, day: date) -> int | None:
    """Return the narrowest warning whose day has come."""
    reached = [each for each in claim_warning_days() if day >= last - timedelta(days=each)]
    return min(reached, default=None)


def _completed(known: Proceedings, task_id: str, outcome: str) -> TaskCompleted:
    return TaskCompleted(task_id=task_id, customer_id=known.customer_id, outcome=outcome, text=None)
