"""Commands on alert rules and alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from encours.contracts.events.dunning.alerts import AlertKind, AlertRecipient
from encours.contracts.events.dunning.document import CurrencyMinimum
from encours.kernel.ids import derived_id


def rule_id(code: str) -> str:
    """Return the stream of the rule with a code."""
    return derived_id("alr", code)


@dataclass(frozen=True, slots=True)
class SetAlertRule:
    """A rule, all of it."""

    code: str
    kind: AlertKind
    days: int | None
    until_days: int | None
    minimums: tuple[CurrencyMinimum, ...]
    recipients: tuple[AlertRecipient, ...]
    language: Literal["en", "fr"]
    active: bool


@dataclass(frozen=True, slots=True)
class AcknowledgeAlert:
    """A person takes note of an alert."""

    alert_id: str
    note: str | None
