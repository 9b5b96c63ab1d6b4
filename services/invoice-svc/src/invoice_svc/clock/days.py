"""The calendar stream of a ledger: which day was opened last, and opening the next one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from encours.contracts.calendar import STREAM, DayOpened
from encours.kernel.ids import derived_uuid, uuid7
from encours.ledger import Append, Ledger, NewEvent

OPENING = time(6, 0)
ACTOR = "clock"


@dataclass(frozen=True, slots=True)
class Opened:
    """The last opening: its day, none before the first, the version of the calendar stream, its ledger position."""

    day: date | None
    version: int
    position: int


async def last_opened(ledger: Ledger, name: str) -> Opened:
    """Where the calendar of a ledger stands."""
    version = (await ledger.versions(name, [STREAM]))[STREAM]
    if not version:
        return Opened(None, 0, 0)
    events = await ledger.read_stream(name, STREAM, after_version=version - 1)
    data = events[-1].data
    assert isinstance(data, DayOpened)
    return Opened(data.day, events[-1].version, events[-1].position)


def opening_of(day: date, time_zone: str) -> datetime:
    """When the day opens: six in the morning, local time."""
    return datetime.combine(day, OPENING, ZoneInfo(time_zone)).astimezone(UTC)


async def open_day(
    ledger: Ledger, name: str, day: date, after: Opened, *, late: bool, clock_at: datetime | None = None
) -> Opened:
    """Open one day, once in the life of the ledger, whoever asks. ``clock_at`` moves a sandbox's clock along."""
    event = NewEvent(STREAM, after.version + 1, DayOpened(day=day, late=late), "", day, uuid7())
    done = await ledger.append(
        Append(
            ledger=name,
            command_id=derived_uuid("open-day", name, day),
            fingerprint=hashlib.sha256(day.isoformat().encode()).digest(),
            events=(event,),
            actor=ACTOR,
            clock_at=clock_at,
        )
    )
    return Opened(day, after.version + 1, done.last_position)


def days_to_open(last: date | None, now: datetime) -> list[date]:
    """Days that a live ledger has yet to open at a local time; a new ledger begins with today, once it is six."""
    until = now.date() if now.time() >= OPENING else now.date() - timedelta(days=1)
    if last is None:
        return [until] if until == now.date() else []
    return [last + timedelta(days=n) for n in range(1, (until - last).days + 1)]
