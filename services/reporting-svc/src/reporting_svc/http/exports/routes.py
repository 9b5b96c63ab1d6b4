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
from reporting_svc.http.exports.ranges import AskedRange, ByteRange, RangeNotSatisfiable, ReadRange
from reporting_svc.http.latest import latest_figures

router = Router(tags=["Exports"])
Reading = Annotated[Query, reading("reports:read", time_travel=False)]
ExportPath = Annotated[str, Path(alias="id"), Id("xpt")]
PAGE = paging("asked_at", default="-asked_at")
FILE: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@router.post("/v1/exports", response_model=ExportOut, status_code=202)
async def create_export(
    body: ExportBody, cmd: Annotated[Command, command("reports:read", dry_run=False)]
) -> Response:
    """Write a file in the background: the FEC of a year, the journal of a period for accounting software or a
    spreadsheet, or the aged balance or the open items of a day.

    GET the export for its progress, and its file once it is completed. The same request at the same position gives
    the same bytes.
    """
    cmd.caller.require_entity(body.entity_id)
    with cmd.in_flight():
        store = await _store(cmd.services)
        asked = await request_export(latest_figures(cmd), store, cmd.meta, body.to_command())
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
    responses={
        200: {"content": FILE},
        206: {
            "description": "The part of the file that Range asks for.",
            "headers": {
                "Content-Range": {
                    "description": "First and last byte of the part, and the size of the file.",
                    "schema": {"type": "string"},
                }
            },
            "content": FILE,
        },
    },
)
async def get_export_file(
    export_id: ExportPath, q: Reading, asked: Annotated[AskedRange, ReadRange()]
) -> Response:
    """Get the file of a completed export, or the part of it that `Range` asks for."""
    found = await _found(q, export_id)
    if (manifest := found.manifest) is None:
        raise ExportNotReady(f"The state of the export is {found.state}.")
    size, tag = manifest.size_bytes, f'"{manifest.sha256}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag, "Encours-Position": str(found.position)}
    part = asked.of(size, tag)
    if part is not None and part.first >= size:
        context(q.request).add_header(b"content-range", f"bytes */{size}")
        raise RangeNotSatisfiable(f"The file has {size} bytes.")
    context(q.request).without_deadline()
    store = await _store(q.services)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    sent = part or ByteRange(0, size - 1)
    return StreamingResponse(
        store.content(found.id, sent.first, sent.size),
        status_code=200 if part is None else 206,
        media_type=manifest.media_type,
        headers=headers
        | {
            "Content-Disposition": f'attachment; filename="{manifest.file_name}"',
            "Content-Length": str(sent.size),
        },
    )


@asynccontextmanager
async def open_store(services: Services) -> AsyncIterator[Mapping[str, Any]]:
    """Open the tables of exports in the pool of the read models, as ``Services.extras``."""
    yield {"exports": ExportStore(services.db.pool)}


async def _store(services: Services) -> ExportStore:
    store: ExportStore = services.extras["exports"]
    await store.prepare()
    return store


async def _found(q: Query, export_id: str) -> Export:
    found = await (await _store(q.services)).get(q.caller.ledger, export_id)
    if found is None:
        raise ExportNotFound(export_id)
    q.caller.require_sight(found.entity_id, ExportNotFound(export_id))
    return found
