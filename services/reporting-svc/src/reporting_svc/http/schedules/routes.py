"""Schedules of reports by mail and of exports. A key sees those that it has set."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.kernel.instants import instant_text
from encours.reading.pages import Page
from reporting_svc.domain.schedule.rule import next_due
from reporting_svc.domain.schedule.state import ReportSchedule, ScheduleNotFound
from reporting_svc.http.latest import latest_figures
from reporting_svc.http.schedules.answers import (
    SCHEDULE_ANSWER,
    ReportMailList,
    ReportMailOut,
    ReportScheduleOut,
    ScheduleAsOf,
    ScheduleDetail,
    ScheduleItem,
    ScheduleList,
)
from reporting_svc.http.schedules.bodies import ReportScheduleBody
from reporting_svc.http.streams import of_object
from reporting_svc.read_models.reports.model import Reports
from reporting_svc.read_models.reports.schedules import KEY, MAIL_SORTS, SORTS, mails_of, schedules_of
from reporting_svc.reports.scheduler import due_calendar
from reporting_svc.use_cases.schedules import SCHEDULE, change_schedule, end_schedule, set_schedule

router = Router(tags=["Schedules"])
COLLECTION = "/v1/schedules"
Reading = Annotated[Query, reading("reports:read")]
Writing = Annotated[Command, command("reports:write")]
SchedulePath = Annotated[str, Path(alias="id"), Id("scd")]
PAGE = paging(*SORTS, default="name", key=KEY, columns=SORTS)
MAIL_PAGE = paging(*MAIL_SORTS, default="-requested", key="position", columns=MAIL_SORTS)


@router.post("/v1/schedules", response_model=ScheduleAsOf, status_code=201)
async def create_schedule(body: ReportScheduleBody, cmd: Writing) -> Response:
    """Have a report sent by mail, or an export made, daily, weekly or monthly.

    It runs with what the key covers at each due moment, and stops if the key, or the report, is no longer there. Needs
    `reports:read` besides. A sandbox runs nothing.
    """
    cmd.caller.require("reports:read")
    wanted = body.to_command(new_id("scd"))
    return await cmd.run(
        set_schedule, wanted, latest_figures(cmd), answer=SCHEDULE_ANSWER, status=201, at=COLLECTION
    )


@router.get("/v1/schedules", response_model=ScheduleList)
async def list_schedules(q: Reading, page: Annotated[Page, PAGE]) -> Response:
    """List the schedules of the key, at as_of, as known at known_at."""
    async with q.view(Reports.name) as view:
        rows = await schedules_of(view, page, q.caller.actor)
    return q.respond(page.body(rows, ScheduleItem.of) | view.echo())


@router.get("/v1/schedules/{id}", response_model=ScheduleDetail)
async def get_schedule(schedule_id: SchedulePath, q: Reading) -> Response:
    """Get a schedule with its last run, the reason for which it stopped, and its next due moment."""
    time = await q.time()
    q, state, version = await _own(q, schedule_id, time.position)
    due = None
    if state.is_active and state.current is not None:
        info = await q.ledger.info(q.caller.ledger)
        local = await due_calendar(q.ledger, info, state.entity_id)
        now = (await q.ledger.clock(q.caller.ledger)).now
        due = next_due(state.current.due_rule, local.calendar, local.zone, now)
    shown = ReportScheduleOut.of(state, version)
    return q.respond(shown | {"next_due_at": due and instant_text(due)} | replace(time, as_of=q.as_of).echo())


@router.put("/v1/schedules/{id}", response_model=ScheduleAsOf, summary="Set a schedule again")
async def put_schedule(schedule_id: SchedulePath, body: ReportScheduleBody, cmd: Writing) -> Response:
    """Set a schedule again, all of it; one that stopped goes on. Moments before are not made up for."""
    wanted = body.to_command(schedule_id)
    return await cmd.run(change_schedule, wanted, latest_figures(cmd), answer=SCHEDULE_ANSWER, on=schedule_id)


@router.delete("/v1/schedules/{id}", response_model=ScheduleAsOf)
async def delete_schedule(schedule_id: SchedulePath, cmd: Writing) -> Response:
    """End a schedule."""
    return await cmd.run(end_schedule, schedule_id, answer=SCHEDULE_ANSWER, on=schedule_id)


@router.get("/v1/schedules/{id}/mails", response_model=ReportMailList, summary="List the mails of a schedule")
async def list_mails(schedule_id: SchedulePath, q: Reading, page: Annotated[Page, MAIL_PAGE]) -> Response:
    """List the mails of a schedule with what became of them; exports are at `/v1/exports`."""
    async with q.view(Reports.name) as view:
        q, _, _ = await _own(q, schedule_id, view.time.position)
        view = replace(view, time=replace(view.time, as_of=q.as_of))
        rows = await mails_of(view, page, schedule_id)
    return q.respond(page.body(rows, ReportMailOut.of) | view.echo())


async def _own(q: Query, schedule_id: str, position: int) -> tuple[Query, ReportSchedule, int]:
    """Return the question at the day of the schedule's entity, the schedule of the caller by then, and its version.

    Raises a 404 problem.
    """
    q, counted = await of_object(q, schedule_id, position)
    state = SCHEDULE.fold(counted)
    if state.current is None or state.current.owner != q.caller.actor:
        raise ScheduleNotFound(schedule_id)
    return q, state, counted[-1].version
