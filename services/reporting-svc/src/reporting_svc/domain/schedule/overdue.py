"""Runs of schedules that should have been made by now: a pure function of the time and of the due moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from encours.kernel.business_days import BusinessCalendar
from reporting_svc.domain.schedule.rule import due_moments
from reporting_svc.domain.schedule.state import ReportSchedule

OverdueRunKind = Literal["schedule_not_run", "schedule_missed"]
OVERDUE_AFTER = timedelta(minutes=15)
"""Time after a due moment within which it has to be acted on."""


@dataclass(frozen=True, slots=True)
class OverdueRun:
    """Runs of a schedule that are overdue, the first day of them, how many there are, and what to do next."""

    kind: OverdueRunKind
    schedule_id: str
    since: date
    count: int
    detail: str
    remedy: str


def overdue_runs(
    state: ReportSchedule, calendar: BusinessCalendar, zone: str, now: datetime
) -> Iterator[OverdueRun]:
    """Yield the overdue runs of a schedule: moments not acted on, and those that its last run did not make up for."""
    if not state.is_active or state.current is None:
        return
    schedule_id = state.current.report_schedule_id
    late = due_moments(state.current.due_rule, calendar, zone, state.since, now - OVERDUE_AFTER)
    if late:
        yield OverdueRun(
            "schedule_not_run",
            schedule_id,
            late[0].day,
            len(late),
            f"Schedule {schedule_id} was due at {late[-1].at:%Y-%m-%dT%H:%MZ} and has not run; due moments not acted "
            f"on: {len(late)}.",
            "Start the worker of reporting-svc. It acts on the last due moment; those before are not made up for.",
        )
    elif state.ran is not None and state.ran.missed:
        ran = datetime.fromisoformat(state.ran.due_at)
        yield OverdueRun(
            "schedule_missed",
            schedule_id,
            ran.date(),
            state.ran.missed,
            f"Schedule {schedule_id} missed due moments before its last run: {state.ran.missed}.",
            "Run the report with as_of of the missed days, or request the exports. The next run ends this message.",
        )
