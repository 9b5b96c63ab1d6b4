"""Outcomes of reminders."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

from dunning_svc.domain.reminder.state import REMINDER
from dunning_svc.domain.task.outcome import Emitted
from dunning_svc.domain.task.state import TASK
from encours.contracts.actors import DUNNING
from encours.contracts.events.dunning.reminders import (
    ReminderFailed,
    ReminderSent,
    ReminderSuppressed,
    ReminderUnconfirmed,
)
from encours.kernel.ids import derived_uuid, with_prefix
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.execute import execute
from encours.ledger.session import Session

Outcome = ReminderSent | ReminderFailed | ReminderUnconfirmed | ReminderSuppressed


async def record_outcome(ledger: Ledger, name: str, outcome: Outcome, entity_id: str, on: date) -> None:
    """Append the outcome as the second event of the reminder. The first one stored counts.

    Raises :class:`VersionConflict` or :class:`CommandReused` where another outcome is stored.
    """
    command_id = derived_uuid("reminder outcome", name, outcome.reminder_id)
    fingerprint = hashlib.sha256(outcome.TYPE.encode()).digest()
    meta = derived(name, command_id, actor=DUNNING, today=on, fingerprint=fingerprint)
    await execute(ledger, meta, _append_outcome, outcome, entity_id, retries=0)


async def _append_outcome(session: Session, outcome: Outcome, entity_id: str) -> None:
    session.begin(outcome.reminder_id, version=1)
    session.emit(outcome.reminder_id, outcome, entity=entity_id)


async def record_settled(
    session: Session, reminder_id: str, events: Sequence[Emitted], entity_id: str
) -> None:
    """Record what became of a proposal, unless somebody has answered it since."""
    task = await session.load(TASK, with_prefix(reminder_id, "tsk"))
    reminder = await session.load(REMINDER, reminder_id)
    if task.outcome is None and not reminder.concluded:
        for stream, event in events:
            session.emit(stream, event, entity=entity_id, effective_on=session.meta.today)
