"""Remaining steps of an item and their days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from dunning_svc.domain.policy.policy import Policy, Step

Codes = tuple[str, ...]
Mark = Literal["proposed", "declined"]


class Taken(msgspec.Struct, frozen=True):
    """A step taken for an item, and the day of that decision."""

    code: str
    on: date
    step: Step | None = None
    """The step as the policy had it under which it was taken; ``None`` stands for the policy in force."""
    mark: Mark | None = None
    """``proposed``: its message waits for an approval. ``declined``: it was not approved, and the next step follows."""

    @property
    def reached(self) -> bool:
        """True if its message has left, or leaves without an approval."""
        return self.mark is None

    def within(self, policy: Policy) -> Step:
        """Return the step that was taken."""
        return self.step or policy.step(self.code)


def next_step_on(policy: Policy, *, due_on: date, entered_on: date, taken: Sequence[Taken]) -> date | None:
    """Return the day of the next step of an open item; ``None`` at the end of the ladder.

    The day may be in the past: a suppressed step (credit, dispute, hold) is decided again every day.
    """
    step = next(_ahead(policy, due_on, entered_on, taken), None)
    return None if step is None else step.scheduled_on(due_on)


def remaining(policy: Policy, *, due_on: date, entered_on: date, done: Codes) -> tuple[Step, ...]:
    """Return the steps above the highest one done, without those of days before the item entered the ledger."""
    return tuple(_ahead(policy, due_on, entered_on, [Taken(code, due_on) for code in done]))


def _ahead(policy: Policy, due_on: date, entered_on: date, taken: Sequence[Taken]) -> Iterator[Step]:
    for step in above(policy, taken):
        if step.scheduled_on(due_on) >= entered_on:
            yield step


def above(policy: Policy, taken: Sequence[Taken]) -> tuple[Step, ...]:
    """Return the steps above the highest one taken, under this or another policy."""
    if not taken:
        return policy.steps
    levels = (level_in(policy, each.within(policy)) for each in taken)
    reached = max((level.offset_days for level in levels if level is not None), default=None)
    return tuple(step for step in policy.steps if reached is None or step.offset_days > reached)


def level_in(policy: Policy, taken: Step) -> Step | None:
    """Return the step of a policy that stands for one taken under another; ``None`` below its first step.

    It is the one of the same code and severity. Else it is the last one of that severity that is not later, or the
    first one if all are later; without any, the last milder one that is not later. So no step is repeated under
    another code.
    """
    for step in policy.steps:
        if step.code == taken.code and step.severity == taken.severity:
            return step
    alike = [step for step in policy.steps if step.severity == taken.severity]
    earlier = [step for step in alike if step.offset_days <= taken.offset_days]
    if alike:
        return earlier[-1] if earlier else alike[0]
    milder = [
        step
        for step in policy.steps
        if step.severity < taken.severity and step.offset_days <= taken.offset_days
    ]
    return milder[-1] if milder else None


def earliest_on(step: Step, *, due_on: date, taken: Sequence[Taken]) -> date:
    """Return the first day on which the step may be taken: its due day, or the end of its minimum interval."""
    scheduled = step.scheduled_on(due_on)
    last = next((each for each in reversed(taken) if each.mark != "declined"), None)
    return scheduled if last is None else max(scheduled, last.on + timedelta(days=step.interval_days))


def resumes_on(policy: Policy, ahead: Sequence[Step], *, due_on: date, since: date) -> date | None:
    """Return the day from which on an item takes steps of a policy that is applied since a day.

    It is the day of the first step ahead that is not due before. If all are, it is as many days after ``since`` as the
    next step has to the step before it, so that nothing leaves on the change itself. ``None`` at the end of the ladder.
    """
    claims = [step for step in ahead if not step.announces]
    if not claims:
        return None
    for step in claims:
        if step.scheduled_on(due_on) >= since:
            return step.scheduled_on(due_on)
    place = policy.steps.index(claims[0])
    before = policy.steps[place - 1].offset_days if place else 0
    return since + timedelta(days=max(1, claims[0].offset_days - max(0, before)))


def upcoming(
    policy: Policy,
    day: date,
    *,
    due_on: date,
    entered_on: date,
    taken: Sequence[Taken],
    since: date | None = None,
) -> tuple[Step, date] | None:
    """Return the next step as of a day, and the first day on which it may be taken.

    After the due date, none that announces it. An item that entered the ledger late takes its first step on the day
    of the first one that was not due by then; one that a policy is applied to ``since`` a day, when it resumes.
    """
    ahead = above(policy, taken)
    if since is not None and day > due_on and entered_on <= due_on:
        resumed = resumes_on(policy, ahead, due_on=due_on, since=since)
        if resumed is None:
            return None
        step = next(step for step in ahead if not step.announces)
        return step, max(earliest_on(step, due_on=due_on, taken=taken), resumed)
    due = [
        step
        for step in _ahead(policy, due_on, entered_on, taken)
        if not (step.announces and (day > due_on or step.scheduled_on(due_on) < entered_on))
    ]
    if not due:
        return None
    if due[0].announces:
        return due[0], due[0].scheduled_on(due_on)
    step = next(step for step in ahead if not step.announces)
    return step, max(earliest_on(step, due_on=due_on, taken=taken), due[0].scheduled_on(due_on))
