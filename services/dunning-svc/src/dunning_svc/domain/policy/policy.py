"""Ladders as data: steps counted in days from the due date, in versions that decisions refer to."""

from __future__ import annotations

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
    """A step of a ladder. ``offset_days`` counts from the due date; a negative one announces the due date."""

    code: str
    offset_days: int
    act: Act
    template: str

    @property
    def channel(self) -> Channel:
        return _CHANNELS[self.act]

    @property
    def announces(self) -> bool:
        """True for a friendly notice before the due date. It is not sent once that date has passed."""
        return self.offset_days < 0

    def scheduled_on(self, due_on: date) -> date:
        return due_on + timedelta(days=self.offset_days)


@dataclass(frozen=True, slots=True)
class Policy:
    """A version of a ladder; its steps are in ascending order of days."""

    policy_id: str
    version: int
    name: str
    steps: tuple[Step, ...]
    addressed: frozenset[Channel]
    """Channels that are skipped for a customer without the e-mail or postal address that they need."""

    def step(self, code: str) -> Step:
        """Return the step with that code. Raises :class:`KeyError` if this version has none."""
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
"""Earlier version, which sent letters without checking for a postal address; stored decisions refer to it."""
DEFAULT_POLICY = replace(_FIRST, version=2, addressed=frozenset({"email", "letter", "registered_letter"}))
"""Policy of every ledger: the steps that most firms use."""

POLICIES = {(policy.policy_id, policy.version): policy for policy in (_FIRST, DEFAULT_POLICY)}
"""All versions that a decision may refer to, by id and version, oldest first."""
