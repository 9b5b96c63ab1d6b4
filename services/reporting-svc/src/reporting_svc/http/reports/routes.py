"""Custom reports: the catalogue, saved reports, their readers, and runs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Path
from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.paging import paging
from encours.http.queries import Query, reading, resolve_known_at
from encours.http.routing import Router
from encours.kernel.errors import Invalid
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from reporting_svc.domain.report.days import day_of
from reporting_svc.domain.report.document import plan_of
from reporting_svc.domain.report.state import CustomReport, ReportNotFound
from reporting_svc.exports.layouts.tables import MEDIA
from reporting_svc.http.answers import parked_fields
from reporting_svc.http.latest import latest_figures
from reporting_svc.http.reports.answers import (
    REPORT_ANSWER,
    ReportRunOut,
    ReportSourceList,
    SavedReportAsOf,
    SavedReportItem,
    SavedReportList,
    SavedReportOut,
)
from reporting_svc.http.reports.bodies import ReportBody, ReportChangeBody, SharingBody
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.reports.model import Reports
from reporting_svc.read_models.reports.query import KEY, SORTS, saved_reports
from reporting_svc.reports.files import FORMATS, file_name, report_file
from reporting_svc.reports.run import run_report
from reporting_svc.use_cases.reports import REPORT, change_report, drop_report, save_report, share_report

router = Router(tags=["Custom reports"])
COLLECTION = "/v1/reports"
Reading = Annotated[Query, reading("reports:read")]
Writing = Annotated[Command, command("reports:write")]
ReportPath = Annotated[str, Path(alias="id"), Id("rpt")]
PAGE = paging(*SORTS, default="name", key=KEY, columns=SORTS)
FILE = {"schema": {"type": "string", "format": "binary"}}


@router.get("/v1/report-sources", response_model=ReportSourceList)
async def list_report_sources(q: Annotated[Query, reading("reports:read", time_travel=False)]) -> Response:
    """List the sources of custom reports: columns, operators of conditions, measures, groups."""
    return q.respond(ReportSourceList.all())


@router.post("/v1/reports", response_model=SavedReportAsOf, status_code=201)
async def create_report(body: ReportBody, cmd: Writing) -> Response:
    """Save a report: a source, its columns or measures, conditions, groups, order and dates. It is private at first."""
    entity_id = body.entity_id
    if entity_id is None and cmd.caller.entities is not None:
        if len(cmd.caller.entities) > 1:
            raise Invalid("This API key covers some entities: name the one of the report.", "/entity_id")
        entity_id = cmd.caller.entities[0]
    command_ = body.to_command(new_id("rpt"), entity_id or "")
    return await cmd.run(
        save_report, command_, latest_figures(cmd), answer=REPORT_ANSWER, status=201, at=COLLECTION
    )


@router.get("/v1/reports", response_model=SavedReportList)
async def list_reports(q: Reading, page: Annotated[Page, PAGE]) -> Response:
    """List the reports that the key owns or that are shared with it, at as_of, as known at known_at."""
    async with q.view(Reports.name) as view:
        rows = await saved_reports(view, page, q.caller.actor)
    return q.respond(page.body(rows, SavedReportItem.of) | view.echo())


@router.get("/v1/reports/{id}", response_model=SavedReportAsOf)
async def get_report(report_id: ReportPath, q: Reading) -> Response:
    """Get a report as it was at as_of, as known at known_at."""
    time = await q.time()
    q, state, version = await _seen(q, report_id, time.position)
    return q.respond(SavedReportOut.shown(state, version) | replace(time, as_of=q.as_of).echo())


@router.patch("/v1/reports/{id}", response_model=SavedReportAsOf, summary="Change a report")
async def patch_report(report_id: ReportPath, body: ReportChangeBody, cmd: Writing) -> Response:
    """Change the name or the content of a report of your own."""
    command_ = body.to_command(report_id)
    return await cmd.run(change_report, command_, latest_figures(cmd), answer=REPORT_ANSWER, on=report_id)


@router.put("/v1/reports/{id}/sharing", response_model=SavedReportAsOf, summary="Share a report")
async def put_sharing(report_id: ReportPath, body: SharingBody, cmd: Writing) -> Response:
    """Share a report of your own with nobody, everyone, or named actors. A run shows what the reader's key covers."""
    return await cmd.run(share_report, body.to_command(report_id), answer=REPORT_ANSWER, on=report_id)


@router.delete("/v1/reports/{id}", response_model=SavedReportAsOf)
async def delete_report(report_id: ReportPath, cmd: Writing) -> Response:
    """Drop a report of your own. What it was stays in the ledger."""
    return await cmd.run(drop_report, report_id, answer=REPORT_ANSWER, on=report_id)


@router.get(
    "/v1/reports/{id}/run",
    response_model=ReportRunOut,
    responses={200: {"content": {MEDIA[each]: FILE for each in FORMATS}}},
)
async def run_saved_report(
    report_id: ReportPath,
    q: Reading,
    wanted: Annotated[
        Literal["json", "csv", "xlsx"], Parameter(alias="format", description="Form of the answer.")
    ] = "json",
) -> Response:
    """Run a report as it is now. `as_of` and `known_at` take the place of those in its document.

    The rows are those that the key of the request covers, and tie out with the ledger in each currency.
    """
    q, state, _ = await _seen(q, report_id)
    assert state.saved is not None
    document = state.saved.document
    if q.today_from is not None:
        q = replace(q, as_of=day_of(document.as_of, q.as_of, "/as_of"))
    if q.known_at is None and document.known_at is not None:
        known_at, position = await resolve_known_at(q.ledger, q.caller.ledger, document.known_at)
        q = replace(q, known_at=known_at, asked_position=position)
    async with q.view(Receivables.name) as view:
        run = await run_report(view, plan_of(document), state.entity_id or None)
        parked = await parked_streams(view.conn, Receivables.name, q.caller.ledger)
    if wanted == "json":
        shown = ReportRunOut.of(state, run, q.caller.entities)
        return q.respond(shown | parked_fields(parked) | view.time.echo())
    content = await asyncio.to_thread(report_file, run.table, wanted, q.as_of)
    name = file_name(state.saved.name, q.as_of, wanted)
    return Response(
        content,
        media_type=MEDIA[wanted],
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-cache",
            "Encours-Position": str(view.time.position),
        },
    )


async def _seen(q: Query, report_id: str, position: int | None = None) -> tuple[Query, CustomReport, int]:
    """Return the question at the day of the report's entity, the report that the caller may see by then, or now, and
    its version. Raises a 404 problem.

    A report that is no longer shared shows its past to its owner alone.
    """
    events = await q.ledger.read_stream(q.caller.ledger, report_id)
    if events:
        q = await q.of_entity(events[0].entity)
    counted = [
        event
        for event in events
        if position is None or (event.position <= position and event.effective_on <= q.as_of)
    ]
    state, actor = REPORT.fold(counted), q.caller.actor
    if not (state.is_visible_to(actor) and REPORT.fold(events).is_shared_with(actor)):
        raise ReportNotFound(report_id)
    if state.entity_id:
        q.caller.require_sight(state.entity_id, ReportNotFound(report_id))
    return q, state, counted[-1].version
