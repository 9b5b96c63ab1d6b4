"""Time by which the outbox judges hours of sending."""

from __future__ import annotations

from datetime import datetime

from dunning_svc.domain.policy.hours import may_leave
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.ledger import Ledger, LedgerInfo


async def hour_of(ledger: Ledger, info: LedgerInfo) -> datetime | None:
    """Return the time of a ledger; ``None`` where its clock was set, as it then shows days alone."""
    return None if info.clock_at else (await ledger.clock(info.name)).now


def leaves_at(reminder: ReminderRequested, now: datetime | None) -> bool:
    """Return True if the message may leave at a time of the ledger."""
    return now is None or may_leave(reminder.hours, now)
