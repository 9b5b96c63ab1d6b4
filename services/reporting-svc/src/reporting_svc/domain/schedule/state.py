"""A schedule and its runs. Stream: the schedule's id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from encours.contracts import Recorded
from encours.contracts.events.schedule import (
    DueDayRule,
    ReportMailFailed,
    ReportMailRequested,
    ReportMailSent,
    ReportMailUnconfirmed,
    ScheduledExport,
    ScheduledMail,
    ScheduleEnded,
    ScheduleRan,
    ScheduleSet,
    ScheduleStopped,
)
from encours.kernel.errors import NotFound, Refusal

MailOutcome = ReportMailSent | ReportMailFailed | ReportMailUnconfirmed


class ScheduleNotFound(NotFound):
    """No schedule has the id, or another actor owns it (404)."""

    code = "schedule-not-found"
    title = "Schedule not found"
    remedy = "Use an id from GET /v1/schedules."


class ScheduleOfAllEntities(Refusal):
    """The report covers all entities, but the key covers only some of them (403)."""

    code = "schedule-of-all-entities"
    title = "Report covers more entities than the key"
    status = 403
    remedy = "Schedule a copy of the report for one entity (POST /v1/reports), or use a key of all entities."


class ScheduleHasEnded(Refusal):
    """The schedule has ended (409)."""

    code = "schedule-ended"
    title = "Schedule has ended"
    remedy = "Make a new one with POST /v1/schedules."


@dataclass(frozen=True, slots=True)
class SetSchedule:
    """Set a schedule as a whole, of a mail or of an export; ``entity_id`` is that of the export."""

    schedule_id: str
    name: str
    rule: DueDayRule
    mail: ScheduledMail | None
    export: ScheduledExport | None
    entity_id: str = ""


@dataclass(frozen=True, slots=True)
class ReportSchedule:
    """A schedule; ``current`` is None before it is set."""

    entity_id: str = ""
    current: ScheduleSet | None = None
    set_at: datetime | None = None
    ended: bool = False
    stopped: str | None = None
    ran: ScheduleRan | None = None
    runs: int = 0
    missed: int = 0

    @property
    def since(self) -> datetime:
        """Instant after which moments are due: that of its setting, or of the last moment that was acted on."""
        assert self.set_at is not None, "a schedule that was never set has no due moment"
        return self.set_at if self.ran is None else max(self.set_at, datetime.fromisoformat(self.ran.due_at))

    @property
    def is_active(self) -> bool:
        """True if its due moments are acted on."""
        return self.current is not None and not self.ended and self.stopped is None


@dataclass(frozen=True, slots=True)
class ReportMail:
    """A mail and its outcome."""

    requested: ReportMailRequested | None = None
    outcome: str | None = None


def evolve(state: ReportSchedule, recorded: Recorded) -> ReportSchedule:
    """Return the state after the event. Moments before it was set again are not due any more."""
    match recorded.data:
        case ScheduleSet():
            return replace(
                state,
                entity_id=recorded.entity,
                current=recorded.data,
                set_at=recorded.recorded_at,
                stopped=None,
            )
        case ScheduleRan():
            ran = recorded.data
            return replace(state, ran=ran, runs=state.runs + 1, missed=state.missed + ran.missed)
        case ScheduleStopped():
            return replace(state, stopped=recorded.data.why)
        case ScheduleEnded():
            return replace(state, ended=True)
        case _:
            raise TypeError(f"{recorded.type} is no event of a schedule")


def evolve_mail(state: ReportMail, recorded: Recorded) -> ReportMail:
    """Return the mail after the event."""
    match recorded.data:
        case ReportMailRequested():
            return ReportMail(recorded.data)
        case _:
            return replace(state, outcome=recorded.type.partition(".")[2])


def owned(state: ReportSchedule, schedule_id: str, actor: str) -> ScheduleSet:
    """Return the schedule of its owner. Raises :class:`ScheduleNotFound`, also for that of another."""
    if state.current is None or state.current.owner != actor:
        raise ScheduleNotFound(schedule_id)
    return state.current


def set_schedule(state: ReportSchedule, command: SetSchedule, actor: str) -> list[ScheduleSet]:
    """Set a schedule; no event if it is the one in force."""
    event = ScheduleSet(
        report_schedule_id=command.schedule_id,
        name=command.name,
        owner=actor,
        due_rule=command.rule,
        mail=command.mail,
        export=command.export,
    )
    if state.current is not None:
        owned(state, command.schedule_id, actor)
        if state.ended:
            raise ScheduleHasEnded("Its owner has ended it.")
        if state.current == event and state.stopped is None:
            return []
    return [event]


def end(state: ReportSchedule, schedule_id: str, actor: str) -> list[ScheduleEnded]:
    """End a schedule; no event if it has ended."""
    owned(state, schedule_id, actor)
    return [] if state.ended else [ScheduleEnded(report_schedule_id=schedule_id)]
