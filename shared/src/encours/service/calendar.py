"""Calendar of a ledger: each day is recorded as an event, once per ledger.

In a live ledger a day opens at six in the morning, local time of the ledger. The worker that has the calendar's lease
opens it; any service may run that worker, as the lease is in the ledger's database. After an outage the missed days
are opened too and marked late, so that ladders send nothing for them. The command that moves the clock of a sandbox
opens its days.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from encours.contracts.actors import CALENDAR
from encours.contracts.events.calendar import STREAM, DayOpened
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger, LedgerInfo
from encours.ledger.command import derived
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.postgres.connection import FAILED
from encours.postgres.leases import Leases

OPENING = time(6, 0)
LEASE = "calendar"
TICK_S = 1.0
MAX_DAYS_A_TICK = 400
UNREADABLE: tuple[type[Exception], ...] = (DomainError, *FAILED)
"""Failures to list the ledgers."""

log = structlog.get_logger("encours.calendar")
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Opened:
    """Last opened day (none before the first), version of the calendar stream, position of the event."""

    day: date | None
    version: int
    position: int


async def last_opened(ledger: Ledger, name: str) -> Opened:
    """Return the last opening in a ledger."""
    version = (await ledger.versions(name, [STREAM]))[STREAM]
    if not version:
        return Opened(None, 0, 0)
    events = await ledger.read_stream(name, STREAM, after_version=version - 1)
    data = events[-1].data
    assert isinstance(data, DayOpened)
    return Opened(data.day, events[-1].version, events[-1].position)


def opening_of(day: date, time_zone: str) -> datetime:
    """Return the instant at which the day opens: six in the morning, local time."""
    return datetime.combine(day, OPENING, ZoneInfo(time_zone)).astimezone(UTC)


def day_elsewhere(day: date, time_zone: str, other: str) -> date:
    """Return the date in another zone at the instant at which the day opens."""
    return opening_of(day, time_zone).astimezone(ZoneInfo(other)).date()


async def open_day(
    ledger: Ledger, name: str, day: date, after: Opened, *, late: bool, clock_at: datetime | None = None
) -> Opened:
    """Open a day once, however many workers do so. ``clock_at`` also moves the clock of a sandbox."""
    meta = derived(
        name,
        derived_uuid("open-day", name, day),
        actor=CALENDAR,
        today=day,
        fingerprint=hashlib.sha256(day.isoformat().encode()).digest(),
        clock_at=clock_at,
    )

    async def opening(session: Session) -> None:
        session.begin(STREAM, version=after.version)
        session.emit(STREAM, DayOpened(day=day, late=late), entity="")

    done = await execute(ledger, meta, opening)
    return Opened(day, after.version + 1, done.position)


def days_to_open(last: date | None, now: datetime) -> list[date]:
    """Return the days that a live ledger still has to open at a local time; a new ledger begins today, after six."""
    until = now.date() if now.time() >= OPENING else now.date() - timedelta(days=1)
    if last is None:
        return [until] if until == now.date() else []
    return [last + timedelta(days=n) for n in range(1, (until - last).days + 1)]


def next_opening(time_zone: str, now: datetime) -> datetime:
    """Return the first opening after an instant."""
    local = now.astimezone(ZoneInfo(time_zone))
    return opening_of(local.date() + timedelta(days=local.time() >= OPENING), time_zone)


async def run_calendar(ledger: Ledger, ledger_url: str, application_name: str) -> None:
    """Open the days of live ledgers as they begin, in every worker process, until cancelled."""
    leases = Leases(ledger_url, application_name)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(leases.watch())
            group.create_task(keep_time(ledger, leases))
    finally:
        await leases.close()


@dataclass(slots=True)
class _Calendar:
    """Calendar of one live ledger, as this process keeps it."""

    token: int | None = None
    rests: tuple[int, datetime] | None = None
    """Epoch in which all days are open, and the time at which the next one begins."""

    failing: str = ""

    def is_at_rest(self, epoch: int, now: datetime) -> bool:
        """Return True while no day is due."""
        return self.rests is not None and self.rests[0] == epoch and now < self.rests[1]


async def keep_time(ledger: Ledger, leases: Leases, now: Now = lambda: datetime.now(UTC)) -> None:
    """Open the days of every live ledger whose lease is free, until cancelled.

    A ledger whose days are all open is looked at again when the next one begins.
    """
    calendars: defaultdict[str, _Calendar] = defaultdict(_Calendar)
    while True:
        try:
            ledgers = await ledger.ledgers(within_s=TICK_S)
        except UNREADABLE as away:
            log.warning("the calendar could not look", error=str(away))
            ledgers = []
        for info in ledgers:
            calendar = calendars[info.name]
            if info.kind == "live" and not calendar.is_at_rest(info.epoch, now()):
                await _keep_one(ledger, leases, calendar, info, now())
        await asyncio.sleep(TICK_S)


async def _keep_one(
    ledger: Ledger, leases: Leases, calendar: _Calendar, info: LedgerInfo, now: datetime
) -> None:
    """Open the days of one ledger. An error is logged when it first occurs and does not delay other ledgers."""
    try:
        if await _open_due(ledger, leases, calendar, info, now):
            calendar.rests = info.epoch, next_opening(info.time_zone, now)
    except Exception as fault:
        problem = f"{type(fault).__name__}: {fault}"
        if calendar.failing != problem:
            calendar.failing = problem
            log.warning(
                "the calendar of a ledger has stopped", ledger=info.name, error=problem, exc_info=fault
            )
    else:
        calendar.failing = ""


async def _open_due(
    ledger: Ledger, leases: Leases, calendar: _Calendar, info: LedgerInfo, now: datetime
) -> bool:
    """Open the days that are due in one ledger; return True if all are open afterwards. Idempotent."""
    local = now.astimezone(ZoneInfo(info.time_zone))
    opened = await last_opened(ledger, info.name)
    due = days_to_open(opened.day, local)
    if due and not await _is_ours(leases, calendar, info.name):
        return False
    for day in due[:MAX_DAYS_A_TICK]:
        opened = await open_day(ledger, info.name, day, opened, late=day < local.date())
        log.info("day opened", ledger=info.name, day=str(day), late=day < local.date())
    return len(due) <= MAX_DAYS_A_TICK


async def _is_ours(leases: Leases, calendar: _Calendar, name: str) -> bool:
    if calendar.token is None or not leases.holds(calendar.token):
        calendar.token = await leases.acquire(LEASE, name)
    return calendar.token is not None
