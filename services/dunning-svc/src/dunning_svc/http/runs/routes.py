"""Routes of runs of days."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.http.runs.answers import RunList, RunOut, RunPreview
from dunning_svc.http.runs.bodies import RunBody
from dunning_svc.read_models.cases import query
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases.preview import preview_day
from dunning_svc.use_cases.runs import RunResult, find_run
from encours.http.commands import Command, command, json_response
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page

router = Router(tags=["Policies and runs"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write", dry_run=False)]
PAGE = paging("day", default="-day", key="day")


@router.get("/v1/runs", response_model=RunList)
async def list_runs(q: Reading, page: Annotated[Page, PAGE]) -> Response:
    """List the runs of days, newest first."""
    async with q.view(MODEL) as view:
        rows = await query.runs(view, page)
    return q.respond(page.body(rows, RunOut.of) | view.time.echo())


@router.post("/v1/runs", response_model=RunOut | RunPreview)
async def run_day(body: RunBody, cmd: Writing, dry_run: Annotated[bool, Parameter()] = False) -> Response:
    """Get the run of a day. A run starts automatically when its day opens; this request does not repeat it.

    With `dry_run=true`, get the decisions of any day, provided that no event is recorded before it.
    """
    if dry_run:
        preview = await preview_day(cmd.services.db, cmd.meta.ledger, body.on, cmd.caller.entities)
        return json_response(RunPreview.of(body.on, preview.position, preview.decisions))
    done = await cmd.perform(find_run, body.on, cmd.services.db)
    return cmd.respond(done, RunOut.of_result(done.result(RunResult)))
