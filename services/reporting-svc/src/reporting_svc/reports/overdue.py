"""Runs of schedules that are overdue now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from encours.ledger import Ledger
from reporting_svc.domain.schedule.overdue import OverdueRun, overdue_runs
from reporting_svc.reports.scheduler import DueCalendar, due_calendar
from reporting_svc.use_cases.schedules import SCHEDULE

if TYPE_CHECKING:
    from encours.reading.moment import Granted


async def overdue_schedules(
    ledger: Ledger, name: str, schedules: Iterable[str], granted: Granted, now: datetime | None = None
) -> list[OverdueRun]:
    """Return the overdue runs of schedules of the caller's entities; none in a sandbox, which runs no schedule.

    ``now``: the clock of the ledger if not given.
    """
    info = await ledger.info(name, fresh=True)
    if info.kind != "live":
        return []
    at = now or (await ledger.clock(name)).now
    calendars: dict[str, DueCalendar] = {}
    found: list[OverdueRun] = []
    for schedule_id in schedules:
        state = SCHEDULE.fold(await ledger.read_stream(name, schedule_id))
        entity = state.entity_id
        if granted is not None and entity not in granted:
            continue
        if entity not in calendars:
            calendars[entity] = await due_calendar(ledger, info, entity)
        local = calendars[entity]
        found += overdue_runs(state, local.calendar, local.zone, at)
    return found
