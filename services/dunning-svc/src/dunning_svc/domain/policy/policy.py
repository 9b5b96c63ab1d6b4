"""Ladders as data: steps counted in days from the due date, in versions that decisions refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from encours.contracts.events.dunning import Channel
from encours.kernel.ids import derived_id

Act = Literal["email", "call", "letter", "registered_letter", "litigation_file"]
Progression = Literal["highest", "step_by_step"]
"""Step that an item takes: the highest due one, or the one above the last step taken."""

_CHANNELS: dict[Act, Channel] = {
    "email": "email",
    "call": "phone",
    "letter": "letter",
    "registered_letter": "registered_letter",
    "litigation_file": "file",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a ladder. ``offset_days`` counts from the due date; a negative one announces the due date.

    ``interval_days``: minimum interval since the last step taken. Step by step only.
    """

    code: str
    offset_days: int
    act: Act
    template: str
    interval_days: int = 0

    @property
    def channel(self) -> Channel:
        return _CHANNELS[self.act]

    @property
    def announces(self) -> bool:
        """True for a friendly notice before the due date. It is not sent once that date has passed."""
        return self.offset_days < 0

    @property
    def formal(self) -> bool:
        """True for a formal notice and the litigation file after it: never the first contact about an invoice."""
        return self.act in ("registered_letter", "litigation_file")

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
    progression: Progression = "highest"
    floors_minor: Mapping[str, int] = field(default_factory=dict)
    """By currency, the amount that the items of a step must exceed; 0 for other currencies. Step by step only."""
    addresses_by_role: bool = False
    """The payer is written to, at its contact for reminders; earlier versions wrote to the debtor itself."""
    formal_notice_interval_days: int = 0
    """Minimum interval between two formal notices to a customer. Step by step only."""

    def step(self, code: str) -> Step:
        """Return the step with that code. Raises :class:`KeyError` if this version has none."""
        for step in self.steps:
            if step.code == code:
                return step
        raise KeyError(code)

    def floor_minor(self, currency: str) -> int:
        """Return the minimum amount in a currency, in its minor units: the items of a step must exceed it."""
        return self.floors_minor.get(currency, 0)


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
_SECOND = replace(_FIRST, version=2, addressed=frozenset({"email", "letter", "registered_letter"}))
"""Earlier version, which took the highest due step and claimed any amount; stored decisions refer to it."""
_INTERVALS_DAYS = {"J+15": 7, "J+30": 10, "J+60": 20, "J+90": 20}
_THIRD = replace(
    _SECOND,
    version=3,
    steps=tuple(replace(s, interval_days=_INTERVALS_DAYS.get(s.code, 0)) for s in _FIRST.steps),
    progression="step_by_step",
    floors_minor={
        "EUR": 500, "USD": 500, "GBP": 500, "CHF": 500, "CAD": 500, "JPY": 500, "TND": 15_000, "KWD": 1_500,
        "MAD": 5_000, "XOF": 3_000, "XPF": 600,
    },
    formal_notice_interval_days=30,
)  # fmt: skip
"""Earlier version, which wrote to the debtor itself; stored decisions refer to it."""
DEFAULT_POLICY = replace(_THIRD, version=4, addresses_by_role=True)
"""Policy of every ledger: the steps that most firms use."""

POLICIES = {
    (policy.policy_id, policy.version): policy for policy in (_FIRST, _SECOND, _THIRD, DEFAULT_POLICY)
}
"""All versions that a decision may refer to, by id and version, oldest first."""
