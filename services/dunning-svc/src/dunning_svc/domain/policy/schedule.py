"""Remaining steps of an item and their days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunning_svc.domain.policy.policy import Policy, Step

Codes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A step taken for an item, and the day of that decision."""

    code: str
    on: date


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
    for step in above(policy, done):
        if step.scheduled_on(due_on) >= entered_on:
            yield step


def above(policy: Policy, done: Codes) -> tuple[Step, ...]:
    """Return the steps above the highest one done."""
    reached = max((policy.step(code).offset_days for code in done), default=None)
    return tuple(step for step in policy.steps if reached is None or step.offset_days > reached)


def earliest_on(step: Step, *, due_on: date, taken: Sequence[Taken]) -> date:
    """Return the first day on which the step may be taken: its due day, or the end of its minimum interval."""
    scheduled = step.scheduled_on(due_on)
    if not taken:
        return scheduled
    return max(scheduled, taken[-1].on + timedelta(days=step.interval_days))


def upcoming(
    policy: Policy, day: date, *, due_on: date, entered_on: date, taken: Sequence[Taken]
) -> tuple[Step, date] | None:
    """Return the next step as of a day, and the first day on which it may be taken.

    After the due date, none that announces it. An item that entered the ledger late takes its first step on the day
    of the first one that was not due by then.
    """
    codes = tuple(each.code for each in taken)
    due = [
        step
        for step in _ahead(policy, due_on, entered_on, codes)
        if not (step.announces and (day > due_on or step.scheduled_on(due_on) < entered_on))
    ]
    if not due:
        return None
    if due[0].announces:
        return due[0], due[0].scheduled_on(due_on)
    step = next(step for step in above(policy, codes) if not step.announces)
    return step, max(earliest_on(step, due_on=due_on, taken=taken), due[0].scheduled_on(due_on))
