"""Command that sets the target of a sandbox's clock, and the clock's status. A job advances it (:mod:`.advance`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from encours.ledger import Ledger, LedgerInfo
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.reading.read_db import ReadDb
from invoice_svc.clock.jobs import Job, JobStore
from invoice_svc.clock.refusals import FAR_DAYS, ClockGoingBack, ClockNotGranted, FarTarget, NotASandbox
from invoice_svc.imports.lookups import entities_of
from invoice_svc.imports.store import ImportStore, Waiting


@dataclass(frozen=True, slots=True)
class SetClock:
    """Advance the clock of a sandbox to a date."""

    ledger: str
    to: date
    confirm: date | None


@dataclass(frozen=True, slots=True)
class StopClock:
    """Stop the advance of a sandbox's clock after the day in progress."""

    ledger: str


class ClockSet(Result, frozen=True, kw_only=True):
    """The target was accepted; ``id`` is the ledger, ``today`` its clock, ``None`` if it was never set."""

    today: date | None = None


async def set_clock(
    session: Session, command: SetClock, ledger: Ledger, db: ReadDb, imports: ImportStore
) -> ClockSet:
    """Accept the target.

    Raises :class:`NotASandbox`, :class:`ClockNotGranted`, :class:`ClockGoingBack`, :class:`FarTarget`.
    """
    info = await _own_sandbox(session, command.ledger, ledger, db)
    today = await _earliest_target(ledger, info)
    if today is not None and command.to < today:
        why = (
            f"The date in {info.name} is {today}, and recorded events are never removed."
            if info.clock_at
            else f"{info.name} has events that were recorded on {today}, before its clock was first set."
        )
        raise ClockGoingBack(why, "/to")
    if command.confirm != command.to:
        waiting = await session.ask(imports.waiting, info.name)
        usual = max(day for day in (today, waiting.until, datetime.now(UTC).date()) if day is not None)
        if command.to > usual + timedelta(days=FAR_DAYS):
            raise FarTarget(command.to, usual)
    return ClockSet(id=command.ledger, as_of=session.today, today=today if info.clock_at else None)


async def stop_clock(session: Session, command: StopClock, ledger: Ledger, db: ReadDb) -> ClockSet:
    """Accept the stop. Raises :class:`NotASandbox`, :class:`ClockNotGranted`."""
    info = await _own_sandbox(session, command.ledger, ledger, db)
    today = await ledger.today(info.name) if info.clock_at else None
    return ClockSet(id=command.ledger, as_of=session.today, today=today)


async def _own_sandbox(session: Session, name: str, ledger: Ledger, db: ReadDb) -> LedgerInfo:
    info = await ledger.info(name, fresh=True)
    if info.kind != "sandbox":
        raise NotASandbox(f"{info.name} is a live ledger: each day opens by itself at 06:00.")
    granted = session.meta.entities
    if granted is not None:
        entities = await session.ask(entities_of, db, name)
        if not entities or not entities <= set(granted):
            raise ClockNotGranted
    return info


async def _earliest_target(ledger: Ledger, info: LedgerInfo) -> date | None:
    """Return the earliest valid target: the clock's date, else the date of events recorded before it was first set."""
    if info.clock_at is None and (await ledger.head(info.name)).position == 0:
        return None
    return await ledger.today(info.name)


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """Status of a ledger's clock. ``waiting`` is not counted while the clock advances: that would slow it down."""

    ledger: str
    today: date | None
    job: Job | None
    waiting: Waiting | None


async def clock_of(ledger: Ledger, jobs: JobStore, imports: ImportStore, name: str) -> ClockStatus:
    """Return the status of a ledger's clock."""
    info = await ledger.info(name, fresh=True)
    today = None if info.kind == "sandbox" and info.clock_at is None else await ledger.today(name)
    job = await jobs.get(name)
    advancing = job is not None and job.state == "advancing"
    return ClockStatus(name, today, job, None if advancing else await imports.waiting(name))
