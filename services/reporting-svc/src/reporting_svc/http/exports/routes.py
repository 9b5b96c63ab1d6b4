"""Routes of exports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Path
from starlette.responses import Response, StreamingResponse

from encours.http.commands import Command, accepted, command
from encours.http.context import context
from encours.http.models import Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.http.services import Services
from encours.reading.pages import Page
from reporting_svc.exports.requests import ExportNotFound, ExportNotReady, request_export
from reporting_svc.exports.store import Export, ExportStore
from reporting_svc.http.exports.answers import ExportListing, ExportOut
from reporting_svc.http.exports.bodies import ExportBody

router = Router(tags=["Exports"])
Reading = Annotated[Query, reading("reports:read", time_travel=False)]
ExportPath = Annotated[str, Path(alias="id"), Id("xpt")]
PAGE = paging("asked_at", default="-asked_at")
BINARY = "application/octet-stream"


@router.post("/v1/exports", response_model=ExportOut, status_code=202)
async def create_export(
    body: ExportBody, cmd: Annotated[Command, command("reports:read", dry_run=False)]
) -> Response:
    """Write a file in the background: the FEC of a year, or a journal for an accounting software or a spreadsheet.

    GET the export for its progress, and its file once it is completed. The same request at the same position gives
    the same bytes.
    """
    cmd.caller.require_entity(body.entity_id)
    with cmd.in_flight():
        asked = await request_export(cmd.ledger, await _store(cmd.services), cmd.meta, body.to_command())
    out = ExportOut.shown(asked.work)
    return accepted(out, f"/v1/exports/{out.id}", replayed=asked.replayed)


@router.get("/v1/exports", response_model=ExportListing)
async def list_exports(q: Reading, page: Annotated[Page, PAGE]) -> Response:
    """List the exports of the ledger, newest first; the last 50 are kept."""
    rows = await (await _store(q.services)).listed(q.caller.ledger, page, q.caller.entities)
    return q.respond(page.body(rows, ExportOut.of))


@router.get("/v1/exports/{id}", response_model=ExportOut)
async def get_export(export_id: ExportPath, q: Reading) -> Response:
    """Get an export with its progress, and with its manifest once it is completed."""
    return q.respond(ExportOut.shown(await _found(q, export_id)))


@router.get(
    "/v1/exports/{id}/file",
    response_class=StreamingResponse,
    responses={200: {"content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_export_file(export_id: ExportPath, q: Reading) -> Response:
    """Get the file of a completed export."""
    found = await _found(q, export_id)
    if (manifest := found.manifest) is None:
        raise ExportNotReady(f"The state of the export is {found.state}.")
    context(q.request).without_deadline()
    store = await _store(q.services)
    return StreamingResponse(
        store.content(found.id),
        media_type=manifest.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{manifest.file_name}"',
            "Content-Length": str(manifest.size_bytes),
            "ETag": f'"{manifest.sha256}"',
            "Encours-Position": str(found.position),
        },
    )


@asynccontextmanager
async def open_store(at_hand: Services) -> AsyncIterator[Mapping[str, Any]]:
    """Open the tables of exports in the pool of the read models, as ``Services.extras``."""
    yield {"exports": ExportStore(at_hand.db.pool)}


async def _store(at_hand: Services) -> ExportStore:
    store: ExportStore = at_hand.extras["exports"]
    await store.prepare()
    return store


async def _found(q: Query, export_id: str) -> Export:
    found = await (await _store(q.services)).get(q.caller.ledger, export_id)
    if found is None:
        raise ExportNotFound(export_id)
    q.caller.require_sight(found.entity_id, ExportNotFound(export_id))
    return found
