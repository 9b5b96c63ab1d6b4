"""Routes of /v1/sync-checks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as QueryParam
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from encours.http.commands import Command, command, json_response
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from invoice_svc.http.common import EntityId
from invoice_svc.http.sync_checks.answers import (
    DifferenceListing,
    DifferenceOut,
    SyncCheckListing,
    SyncCheckOut,
)
from invoice_svc.http.sync_checks.bodies import UPLOAD, SyncCheckId, SyncParameters
from invoice_svc.sync.comparing import Cause
from invoice_svc.sync.receiving import CheckDesk
from invoice_svc.sync.refusals import SyncCheckNotFound
from invoice_svc.sync.store import SyncCheck, SyncStore
from invoice_svc.use_cases.sync_checks import MAX_CONTESTED, ContestCancelled, contest_cancelled

router = Router(tags=["Checks against another system"])
MAX_BYTES = 512 * 1024 * 1024
CHECKS_PAGE = paging("made_at", default="-made_at")
DIFFERENCES_PAGE = paging("difference", default="difference", key="difference")
Reading = Annotated[Query, reading("invoices:read", time_travel=False)]


@router.post("/v1/sync-checks", response_model=SyncCheckOut, status_code=201, openapi_extra=UPLOAD)
async def check_against_other_system(
    request: Request,
    cmd: Annotated[Command, command("invoices:write", dry_run=False, upload=True)],
    parameters: Annotated[SyncParameters, QueryParam()],
) -> Response:
    """Compare the open items of another system with ours: NDJSON or CSV, one item a line, or control totals as JSON.

    A line has `number` and `outstanding`, and may have `currency`, `total`, `due_on`, `cancelled`. Every difference is
    listed with its cause. What is cancelled there and open here is contested as a whole, so no reminder asks for it
    any more.
    """
    cmd.context.stream_body(min(MAX_BYTES, cmd.services.settings.upload_max_bytes))
    asked, items = await parameters.read(request)
    desk = CheckDesk(cmd.ledger, cmd.services.db)
    with cmd.in_flight():
        check, replayed = await desk.make(cmd.meta, asked, items)
    headers = {"Location": f"/v1/sync-checks/{check.id}", "Cache-Control": "no-store"}
    cancelled = await desk.store.cancelled(check.id)
    contested = replace(cmd, meta=replace(cmd.meta, fingerprint=check.fingerprint))
    for index, at in enumerate(range(0, len(cancelled), MAX_CONTESTED)):
        part = ContestCancelled(check.id, cancelled[at : at + MAX_CONTESTED])
        done = await contested.item(index).perform(contest_cancelled, part)
        headers["Encours-Position"] = str(done.position)
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return json_response(SyncCheckOut.of(check), status=201, headers=headers)


@router.get("/v1/sync-checks", response_model=SyncCheckListing)
async def list_sync_checks(
    q: Reading, page: Annotated[Page, CHECKS_PAGE], entity_id: EntityId | None = None
) -> Response:
    """List the checks, newest first."""
    rows = await SyncStore(q.db.pool).listed(q.caller.ledger, page, q.caller.entities, entity_id=entity_id)
    return q.respond(page.body(rows, SyncCheckOut.of_row))


@router.get("/v1/sync-checks/{check_id}", response_model=SyncCheckOut)
async def get_sync_check(check_id: SyncCheckId, q: Reading) -> Response:
    """Get a check."""
    return q.respond(SyncCheckOut.of(await _found(q, check_id)))


@router.get("/v1/sync-checks/{check_id}/differences", response_model=DifferenceListing)
async def list_sync_differences(
    check_id: SyncCheckId,
    q: Reading,
    page: Annotated[Page, DIFFERENCES_PAGE],
    cause: Annotated[Cause | None, QueryParam()] = None,
) -> Response:
    """List what differs, by number, each item with its cause."""
    await _found(q, check_id)
    rows = await SyncStore(q.db.pool).differences(check_id, page, cause=cause)
    return q.respond(page.body(rows, DifferenceOut.of))


async def _found(q: Query, check_id: str) -> SyncCheck:
    found = await SyncStore(q.db.pool).get(q.caller.ledger, check_id)
    if found is None:
        raise SyncCheckNotFound(check_id)
    q.caller.require_sight(found.entity_id, SyncCheckNotFound(check_id))
    return found
