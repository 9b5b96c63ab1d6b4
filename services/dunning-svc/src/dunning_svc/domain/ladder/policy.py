"""What a ladder is: steps counted in days from the due date, versioned, as data that decisions refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from encours.contracts.dunning import Channel
from encours.kernel.ids import derived_id

Act = Literal["email", "call", "letter", "registered_letter", "litigation_file"]

_CHANNELS: dict[Act, Channel] = {
    "email": "email",
    "call": "phone",
    "letter": "letter",
    "registered_letter": "registered_letter",
    "litigation_file": "file",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One rung. ``offset_days`` counts from the due date; below zero it announces, from zero on it asks."""

    code: str
    offset_days: int
    act: Act
    template: str

    @property
    def channel(self) -> Channel:
        return _CHANNELS[self.act]

    @property
    def announces(self) -> bool:
        """A friendly notice before the due date; pointless once that date has passed."""
        return self.offset_days < 0

    def scheduled_on(self, due_on: date) -> date:
        return due_on + timedelta(days=self.offset_days)


@dataclass(frozen=True, slots=True)
class Policy:
    """A version of a ladder. Steps stand in ascending order of days."""

    policy_id: str
    version: int
    name: str
    steps: tuple[Step, ...]
    addressed: frozenset[Channel]
    """Channels that are not taken for a customer without the e-mail or postal address that they need."""

    def step(self, code: str) -> Step:
        """The step of that code. Raises :class:`KeyError` for one that this version does not have."""
        for step in self.steps:
            if step.code == code:
                return step
        raise KeyError(code)


_FIRST = Policy(
    policy_id=derived_id("pol", "default"),
    version=1,
    name="default",
    steps=(
        Step("J-5", -5, "email", "friendly"),
        Step("J+3", 3, "email", "first"),
        Step("J+15", 15, "call", "call"),
        Step("J+30", 30, "letter", "penalties"),
        Step("J+60", 60, "registered_letter", "formal_notice"),
        Step("J+90", 90, "litigation_file", "litigation"),
    ),
    addressed=frozenset({"email"}),
)
"""Wrote letters to customers without a postal address too; kept for the decisions that were taken under it."""
DEFAULT_POLICY = replace(_FIRST, version=2, addressed=frozenset({"email", "letter", "registered_letter"}))
"""What most firms do, and what a ledger follows until it has a ladder of its own."""

POLICIES = {(policy.policy_id, policy.version): policy for policy in (_FIRST, DEFAULT_POLICY)}
"""Every version that a decision may refer to, by id and version, oldest first."""


Codes = tuple[str, ...]


def next_step_on(policy: Policy, *, due_on: date, entered_on: date, done: Codes) -> date | None:
    """The day of the first step that an open item has still before it; ``None`` at the end of the ladder.

    It may lie in the past: a step that was held back (credit, dispute, hold) is looked at again every day.
    """
    step = next(_ahead(policy, due_on, entered_on, done), None)
    return None if step is None else step.scheduled_on(due_on)


def remaining(policy: Policy, *, due_on: date, entered_on: date, done: Codes) -> tuple[Step, ...]:
    """The steps above the highest one done, without those of days before the item entered the ledger."""
    return tuple(_ahead(policy, due_on, entered_on, done))


def _ahead(policy: Policy, due_on: date, entered_on: date, done: Codes) -> Iterator[Step]:
    reached = max((policy.step(code).offset_days for code in done), default=None)
    for step in policy.steps:
        if (reached is None or step.offset_days > reached) and step.scheduled_on(due_on) >= entered_on:
            yield step
