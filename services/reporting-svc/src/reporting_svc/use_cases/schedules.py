"""Commands on schedules: of their owners, and those by which due moments are acted on, each once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from encours.contracts.actors import REPORTING
from encours.contracts.events.schedule import ReportMailRequested, ScheduleRan, ScheduleStopped
from encours.kernel.errors import Invalid
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta, Result, derived
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.ledger.states import Folder
from reporting_svc.domain.journal.chart import default_chart
from reporting_svc.domain.report.state import ReportNotFound
from reporting_svc.domain.schedule import state
from reporting_svc.domain.schedule.state import (
    MailOutcome,
    ReportMail,
    ReportSchedule,
    ScheduleNotFound,
    ScheduleOfAllEntities,
    SetSchedule,
)
from reporting_svc.read_models.figures.query import LatestFigures
from reporting_svc.use_cases.reports import REPORT, require_entity, require_group

SCHEDULE: Folder[ReportSchedule] = Folder(ReportSchedule, state.evolve, ScheduleNotFound)
REPORT_MAIL: Folder[ReportMail] = Folder(ReportMail, state.evolve_mail)


async def set_schedule(session: Session, command: SetSchedule, figures: LatestFigures) -> Result:
    """Set a schedule of a report that the actor may see, or of an export of an entity.

    Raises :class:`AccountNumberRefused`, and ``Invalid`` for groups by a field that the entity has not defined.
    """
    ledger, meta = figures.ledger, session.meta
    known = await session.load(SCHEDULE, command.schedule_id)
    entity = command.entity_id
    if command.mail is not None:
        await session.ask(_require_whole, ledger, meta, command.mail.report_id)
        report = await session.get(REPORT, command.mail.report_id)
        if not report.is_visible_to(meta.actor):
            raise ReportNotFound(command.mail.report_id)
        entity = report.entity_id
    else:
        assert command.export is not None
        default_chart().with_numbers(command.export.numbers, "/export/accounts")
        await session.act_for(entity)
        await session.ask(require_entity, ledger, meta.ledger, entity)
        group_by = command.export.report.group_by if command.export.report else None
        await session.ask(require_group, figures, meta, entity, group_by, None, "/export/group_by")
    if known.current is not None and known.entity_id != entity:
        raise Invalid("A schedule stays with its entity: make a new one with POST /v1/schedules.", "/")
    for event in state.set_schedule(known, command, meta.actor):
        session.emit(command.schedule_id, event, entity=entity)
    return session.result(command.schedule_id)


async def _require_whole(ledger: Ledger, meta: CommandMeta, report_id: str) -> None:
    """Raise :class:`ScheduleOfAllEntities` for a report of all entities that a key of some of them sees."""
    if meta.entities is None:
        return
    report = REPORT.fold(await ledger.read_stream(meta.ledger, report_id))
    if report.is_visible_to(meta.actor) and not report.entity_id:
        raise ScheduleOfAllEntities(
            "The report covers all entities, but this API key covers only some of them."
        )


async def change_schedule(session: Session, command: SetSchedule, figures: LatestFigures) -> Result:
    """Set a schedule that exists again."""
    await session.get(SCHEDULE, command.schedule_id)
    return await set_schedule(session, command, figures)


async def end_schedule(session: Session, schedule_id: str) -> Result:
    """End a schedule."""
    known = await session.get(SCHEDULE, schedule_id)
    for event in state.end(known, schedule_id, session.meta.actor):
        session.emit(schedule_id, event, entity=known.entity_id)
    return session.result(schedule_id)


@dataclass(frozen=True, slots=True)
class DueWork:
    """Work of a due moment of a schedule, as it was at a version of its stream."""

    schedule_id: str
    entity_id: str
    version: int
    day: date
    event: ScheduleRan | ScheduleStopped
    mails: Sequence[ReportMailRequested] = ()


async def record_due(ledger: Ledger, name: str, work: DueWork) -> None:
    """Record that a schedule ran or stopped, with the mails that are to be sent, in one step.

    Raises :class:`VersionConflict` where its owner changed the schedule, or another process was first.
    """
    command_id = derived_uuid("schedule", name, work.schedule_id, work.version)
    fingerprint = hashlib.sha256(work.event.TYPE.encode()).digest()
    meta = derived(name, command_id, actor=REPORTING, today=work.day, fingerprint=fingerprint)
    await execute(ledger, meta, _act, work, retries=0)


async def _act(session: Session, work: DueWork) -> None:
    session.begin(work.schedule_id, version=work.version)
    session.emit(work.schedule_id, work.event, entity=work.entity_id)
    for mail in work.mails:
        session.emit(mail.mail_id, mail, entity=work.entity_id)


async def record_mail_outcome(ledger: Ledger, name: str, entity: str, outcome: MailOutcome, on: date) -> None:
    """Append the outcome as the second event of a mail. The first one stored counts.

    Raises :class:`VersionConflict` or :class:`CommandReused` where another outcome is stored.
    """
    command_id = derived_uuid("report mail outcome", name, outcome.mail_id)
    fingerprint = hashlib.sha256(outcome.TYPE.encode()).digest()
    meta = derived(name, command_id, actor=REPORTING, today=on, fingerprint=fingerprint)
    await execute(ledger, meta, _conclude, entity, outcome, retries=0)


async def _conclude(session: Session, entity: str, outcome: MailOutcome) -> None:
    session.begin(outcome.mail_id, version=1)
    session.emit(outcome.mail_id, outcome, entity=entity)
