"""Scheduler of a worker process: acts on the due moments of schedules, each once, and sends the mails.

One process serves all ledgers at a time (its lease); that two never act on one moment does not rest on it, but on the
version of the schedule's stream, and on the attempt that is stored before a message leaves. A sandbox runs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog

from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.schedule import (
    ReportMailRequested,
    ReportOptions,
    ScheduledExport,
    ScheduledMail,
    ScheduleRan,
    ScheduleSet,
    ScheduleStopped,
)
from encours.http.access.keys import Fetch, Grant
from encours.http.queries import resolve_known_at
from encours.kernel.business_days import BusinessCalendar, business_calendar, calendar_of_country
from encours.kernel.errors import DomainError, Refusal
from encours.kernel.ids import derived_id, derived_uuid
from encours.ledger import Ledger, LedgerInfo
from encours.ledger.command import derived
from encours.ledger.errors import CommandReused, LedgerUnavailable, VersionConflict
from encours.postgres.connection import FAILED
from encours.postgres.leases import Leases
from encours.reading.moment import FuturePosition
from encours.reading.read_db import ReadDb, ReadModelNotReady
from reporting_svc.domain.report.days import day_of
from reporting_svc.domain.schedule.rule import DueMoment, due_moments, next_due, period_of
from reporting_svc.domain.schedule.state import ReportSchedule
from reporting_svc.exports.requests import RequestExport, request_export
from reporting_svc.exports.store import REPORTS, ExportStore
from reporting_svc.read_models.figures.query import LatestFigures
from reporting_svc.read_models.reports.model import Reports
from reporting_svc.read_models.reports.schedules import active_schedules
from reporting_svc.reports.access import grant_of, unseen
from reporting_svc.reports.mails import ReportMailDispatcher
from reporting_svc.use_cases.reports import REPORT
from reporting_svc.use_cases.schedules import SCHEDULE, DueWork, record_due

_LEASE = "report schedules"
_POLL_S = 1.0
_LOOK_AGAIN = timedelta(hours=1)
"""Longest pause of a schedule: what it follows, such as the calendar, may have changed."""
_PAUSE = timedelta(minutes=10)
"""Pause of a schedule after a fault of this process."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DueCalendar:
    """Time zone and business days by which a schedule is due."""

    zone: str
    calendar: BusinessCalendar


async def due_calendar(ledger: Ledger, info: LedgerInfo, entity_id: str) -> DueCalendar:
    """Return zone and business days of an entity; for all entities the zone of the ledger and the days of TARGET."""
    if not entity_id:
        return DueCalendar(info.time_zone, business_calendar("TARGET"))
    for event in await ledger.read_stream(info.name, entity_id):
        if isinstance(event.data, EntityRegistered):
            return DueCalendar(event.data.time_zone, calendar_of_country(event.data.country))
    raise LookupError(f"{entity_id} was never registered")


class ReportScheduler:
    """Serves the schedules of all live ledgers. ``clock`` gives the time by which moments are due."""

    def __init__(
        self,
        ledger: Ledger,
        db: ReadDb,
        exports: ExportStore,
        mails: ReportMailDispatcher,
        grants: Fetch,
        leases: Leases,
        *,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        self._ledger, self._db, self._exports, self._mails = ledger, db, exports, mails
        self._grants, self._leases, self._clock = grants, leases, clock
        self._rests: dict[str, dict[tuple[str, int], datetime]] = {}
        self._nothing: dict[str, tuple[int, datetime]] = {}

    async def run(self) -> None:
        """Serve until cancelled. It resumes after the loss of the database or of the lease."""
        try:
            while True:
                try:
                    await self._serve()
                except (*FAILED, DomainError) as error:
                    log.warning("schedules.paused", reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(_POLL_S)
        finally:
            self._mails.carriers.stop()

    async def close(self) -> None:
        """Wait for mails that are being sent."""
        await self._mails.close()
        await self._mails.carriers.close()

    async def _serve(self) -> None:
        token = await self._leases.acquire(_LEASE)
        if token is None:
            return
        self._rests.clear()
        self._nothing.clear()
        try:
            await self._mails.prepare()
            await self._exports.prepare()
            while self._leases.holds(token):
                for info in await self._ledger.ledgers(within_s=_POLL_S):
                    if info.kind == "live" and not self._has_nothing(info.name):
                        await self._guarded(info)
                await asyncio.sleep(_POLL_S)
        finally:
            await self._leases.release(token, _LEASE)

    async def _guarded(self, info: LedgerInfo) -> None:
        """Serve one ledger; what its read models or its mails lack holds up no other."""
        try:
            await self.serve_once(info)
        except (*FAILED, LedgerUnavailable):
            raise
        except ReadModelNotReady:
            return
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            log.warning("schedules.ledger_failed", ledger=info.name, reason=reason)

    def _has_nothing(self, ledger: str) -> bool:
        """Return True if nothing was found at the model's present position, and no moment is due since."""
        seen = self._nothing.get(ledger)
        return (
            seen is not None
            and seen[0] == self._db.position(Reports.name, ledger)
            and self._clock() < seen[1]
        )

    async def serve_once(self, info: LedgerInfo) -> None:
        """Act on the moments of a ledger that are due, and send the mails that wait."""
        async with self._db.snapshot(Reports.name, info.name) as (conn, schema, position):
            found = await active_schedules(conn, schema)
        now = self._clock()
        known = self._rests.get(info.name, {})
        rests = {key: known.get(key, now) for key in found}
        for key, until in rests.items():
            if until <= now:
                try:
                    rests[key] = await self._act(info, key[0], now)
                except (VersionConflict, CommandReused):
                    log.debug("schedule.moved", ledger=info.name, schedule=key[0])
                except (*FAILED, LedgerUnavailable):
                    raise
                except Exception as error:
                    # A fault of one schedule holds up no other.
                    reason = f"{type(error).__name__}: {error}"
                    log.exception("schedule.failed", ledger=info.name, schedule=key[0], reason=reason)
                    rests[key] = now + _PAUSE
        self._rests[info.name] = rests
        until = min(rests.values(), default=now + _LOOK_AGAIN)
        if await self._mails.pick_up(info) or until <= now:
            self._nothing.pop(info.name, None)
        else:
            self._nothing[info.name] = position, until

    async def _act(self, info: LedgerInfo, schedule_id: str, now: datetime) -> datetime:
        """Act on the latest due moment; return when to look again."""
        events = await self._ledger.read_stream(info.name, schedule_id)
        state = SCHEDULE.fold(events)
        if not state.is_active or state.current is None:
            return now + _LOOK_AGAIN
        local = await due_calendar(self._ledger, info, state.entity_id)
        rule = state.current.due_rule
        moments = due_moments(rule, local.calendar, local.zone, state.since, now)
        if moments:
            work = await self._work(info, state, state.current, moments, events[-1].version)
            await record_due(self._ledger, info.name, work)
            return now
        following = next_due(rule, local.calendar, local.zone, now)
        return min(now + _LOOK_AGAIN, following or now + _LOOK_AGAIN)

    async def _work(
        self,
        info: LedgerInfo,
        state: ReportSchedule,
        current: ScheduleSet,
        moments: Sequence[DueMoment],
        version: int,
    ) -> DueWork:
        moment = moments[-1]
        grant = await grant_of(self._grants, current.owner, state.entity_id)
        done: tuple[str | None, list[ReportMailRequested]] | str
        if isinstance(grant, str):
            done = grant
        elif current.mail is not None:
            done = await self._mail(info, current, current.mail, moment, grant)
        else:
            assert current.export is not None
            done = await self._export(info, state.entity_id, current, current.export, moment)
        schedule_id = current.report_schedule_id
        if isinstance(done, str):
            stopped = ScheduleStopped(report_schedule_id=schedule_id, why=done)
            return DueWork(schedule_id, state.entity_id, version, moment.day, stopped)
        export_id, mails = done
        ran = ScheduleRan(
            report_schedule_id=schedule_id,
            due_at=moment.at.isoformat(),
            missed=len(moments) - 1,
            mail_ids=tuple(each.mail_id for each in mails),
            export_id=export_id,
        )
        return DueWork(schedule_id, state.entity_id, version, moment.day, ran, mails)

    async def _mail(
        self, info: LedgerInfo, current: ScheduleSet, mail: ScheduledMail, moment: DueMoment, grant: Grant
    ) -> tuple[None, list[ReportMailRequested]] | str:
        """Return a mail for each address, or why there can be none."""
        report = REPORT.fold(await self._ledger.read_stream(info.name, mail.report_id))
        if (problem := unseen(report, current.owner)) is not None:
            return problem
        if report.entity_id and not grant.covers(report.entity_id):
            return f"The API key of {current.owner} no longer covers {report.entity_id}."
        assert report.saved is not None
        document = report.saved.document
        position = (await self._ledger.head(info.name)).position
        if document.known_at is not None:
            try:
                _, position = await resolve_known_at(self._ledger, info.name, document.known_at)
            except FuturePosition as refused:
                return refused.detail
        return None, [
            ReportMailRequested(
                mail_id=derived_id("rml", current.report_schedule_id, moment.at.isoformat(), address),
                report_schedule_id=current.report_schedule_id,
                report_id=mail.report_id,
                definition_version=report.saved.definition_version,
                report_name=report.saved.name,
                owner=current.owner,
                as_of=day_of(document.as_of, moment.day),
                position=position,
                to=address,
                format=mail.format,
                language=mail.language,
            )
            for address in mail.recipients
        ]

    async def _export(
        self,
        info: LedgerInfo,
        entity_id: str,
        current: ScheduleSet,
        wanted: ScheduledExport,
        moment: DueMoment,
    ) -> tuple[str, list[ReportMailRequested]] | str:
        """Request the export, once for a due moment; return its id, or why it is refused."""
        first, last = period_of(wanted.period, moment.day)
        report = None
        if wanted.kind in REPORTS:
            first, report = last, wanted.report or ReportOptions()
        command_id = derived_uuid("scheduled export", current.report_schedule_id, moment.at.isoformat())
        meta = derived(info.name, command_id, actor=current.owner, today=moment.day)
        kind: Any = wanted.kind
        layout: Any = wanted.layout
        request = RequestExport(kind, layout, entity_id, first, last, wanted.numbers, report=report)
        figures = LatestFigures(self._db, self._ledger, None)
        try:
            made = await request_export(figures, self._exports, meta, request)
        except Refusal as refused:
            if refused.status >= 500:
                raise
            return refused.detail
        return made.work.id, []
