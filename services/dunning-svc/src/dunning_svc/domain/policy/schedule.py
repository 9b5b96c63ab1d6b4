"""Remaining steps of an item and their days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from dunning_svc.domain.policy.policy import Policy, Step

Codes = tuple[str, ...]


def next_step_on(policy: Policy, *, due_on: date, entered_on: date, done: Codes) -> date | None:
    """Return the day of the next step of an open item; ``None`` at the end of the ladder.

    The day may be in the past: a suppressed step (credit, dispute, hold) is decided again every day.
    """
    step = next(_ahead(policy, due_on, entered_on, done), None)
    return None if step is None else step.scheduled_on(due_on)


def remaining(policy: Policy, *, due_on: date, entered_on: date, done: Codes) -> tuple[Step, ...]:
    """Return the steps above the highest one done, without those of days before the item entered the ledger."""
    return tuple(_ahead(policy, due_on, entered_on, done))


def _ahead(policy: Policy, due_on: date, entered_on: date, done: Codes) -> Iterator[Step]:
    reached = max((policy.step(code).offset_days for code in done), default=None)
    for step in policy.steps:
        if (reached is None or step.offset_days > reached) and step.scheduled_on(due_on) >= entered_on:
            yield step


def upcoming(policy: Policy, day: date, *, due_on: date, entered_on: date, done: Codes) -> Step | None:
    """Return the next step as of a day; after the due date, none that announces it."""
    for step in _ahead(policy, due_on, entered_on, done):
        if not (step.announces and day > due_on):
            return step
    return None
