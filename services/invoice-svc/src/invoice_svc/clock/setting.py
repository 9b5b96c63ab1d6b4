"""Command that sets the target of a sandbox's clock, and the clock's status. A job advances it (:mod:`.advance`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.ledger import Ledger, LedgerInfo
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.clock.jobs import Job, JobStore
from invoice_svc.clock.refusals import ClockGoingBack, NotASandbox
from invoice_svc.imports.store import ImportStore, Waiting


@dataclass(frozen=True, slots=True)
class SetClock:
    """Advance the clock of a sandbox to a date."""

    ledger: str
    to: date


class ClockSet(Result, frozen=True, kw_only=True):
    """The target was accepted; ``id`` is the ledger, ``today`` its clock, ``None`` if it was never set."""

    today: date | None = None


async def set_clock(session: Session, command: SetClock, ledger: Ledger) -> ClockSet:
    """Accept the target. Raises :class:`NotASandbox`, :class:`ClockGoingBack`."""
    info = await ledger.info(command.ledger, fresh=True)
    if info.kind != "sandbox":
        raise NotASandbox(f"{info.name} is a live ledger: each day opens by itself at 06:00.")
    today = await _earliest_target(ledger, info)
    if today is not None and command.to < today:
        why = (
            f"The date in {info.name} is {today}, and recorded events are never removed."
            if info.clock_at
            else f"{info.name} has events that were recorded on {today}, before its clock was first set."
        )
        raise ClockGoingBack(why, "/to")
    return ClockSet(id=command.ledger, as_of=session.today, today=today if info.clock_at else None)


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
