"""A reminder, its outcome, and the signs that came back about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from encours.contracts import Recorded
from encours.contracts.events.dunning.reminders import (
    ReminderFailed,
    ReminderRequested,
    ReminderSent,
    ReminderSuppressed,
    ReminderUnconfirmed,
)
from encours.contracts.events.dunning.replies import (
    ReminderAnswered,
    ReminderBounced,
    ReminderDelivered,
    ReminderReadByDebtor,
    ReminderTracked,
)
from encours.ledger.states import Folder


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder. ``requested`` is None for one that was suppressed at its decision, and before the first event."""

    requested: ReminderRequested | None = None
    entity_id: str = ""
    left: bool = False
    """True once it was handed over, or may have been."""
    concluded: bool = False
    bounced: bool = False
    delivered: bool = False
    read: bool = False
    answered: bool = False
    carried: frozenset[str] = frozenset()
    """States that a gateway has told."""


def _evolve(state: Reminder, e: Recorded) -> Reminder:
    match e.data:
        case ReminderRequested():
            return Reminder(e.data, e.entity)
        case ReminderSent() | ReminderUnconfirmed():
            return replace(state, left=True, concluded=True)
        case ReminderFailed() | ReminderSuppressed():
            return replace(state, concluded=True)
        case ReminderBounced(permanent=True):
            return replace(state, bounced=True)
        case ReminderDelivered():
            return replace(state, delivered=True)
        case ReminderReadByDebtor():
            return replace(state, read=True)
        case ReminderAnswered():
            return replace(state, answered=True)
        case ReminderTracked():
            back = e.data.returned_for == "undeliverable"
            return replace(state, carried=state.carried | {e.data.state}, bounced=state.bounced or back)
        case _:
            return state


REMINDER = Folder(Reminder, _evolve)
"""Reminders."""
