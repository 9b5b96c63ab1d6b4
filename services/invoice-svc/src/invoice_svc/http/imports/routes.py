"""/v1/imports: import customers, invoices, payments and disputes from a file, with a verdict on each line."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path as PathParam
from fastapi import Query as QueryParam
from starlette.requests import Request
from starlette.responses import Response

from encours.http.auth import require
from encours.http.bodies.uploads import chunks
from encours.http.commands import Command, accepted, command
from encours.http.models import Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.http.services import Services
from encours.reading.pages import Page
from invoice_svc.http.common import EntityId
from invoice_svc.http.imports.answers import ImportItem, ImportListing, ImportOut, LineListing
from invoice_svc.http.imports.bodies import UPLOAD, FileParameters, format_of
from invoice_svc.imports.formats.verdict import Verdict
from invoice_svc.imports.lookups import only_entity_of
from invoice_svc.imports.receiving import Inbox
from invoice_svc.imports.refusals import ImportNotFound
from invoice_svc.imports.store import NO_LINES, Import, ImportState, ImportStore

router = Router(tags=["Imports"])
PAGE = paging("received_at", default="-received_at")
LINES_PAGE = paging("line", default="line", key="line")
MAX_BYTES = 512 * 1024 * 1024

ImportId = Annotated[str, PathParam(json_schema_extra={"examples": ["imp_" + "0" * 32]}), Id("imp")]


@router.post(
    "/v1/imports",
    response_model=ImportOut,
    status_code=202,
    dependencies=[require("payments:write")],
    openapi_extra=UPLOAD,
)
async def receive_import(
    request: Request,
    cmd: Annotated[Command, command("invoices:write", dry_run=False, upload=True)],
    parameters: Annotated[FileParameters, QueryParam()],
) -> Response:
    """Import a file: it is stored, then read and recorded in the background. Lines imported before change nothing.

    A CSV line is an invoice; `disputed` and `settled_on` give its later course. An NDJSON line is one event, by its
    `kind`: entity, customer, customer_roles, invoice, payment, credit_note, dispute, dispute_resolved or
    payment_reversed.
    """
    wanted = format_of(request)
    cmd.context.stream_body(min(MAX_BYTES, cmd.services.settings.upload_max_bytes))
    received_file = parameters.to_command(wanted)
    with cmd.in_flight():
        received = await _inbox(cmd.services).receive(cmd.meta, received_file, chunks(request))
    out = ImportOut.counted(received.kept, NO_LINES)
    return accepted(out, f"/v1/imports/{out.id}", replayed=received.replayed)


@router.get("/v1/imports", response_model=ImportListing)
async def list_imports(
    q: Annotated[Query, reading("invoices:read", time_travel=False)],
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    state: Annotated[ImportState | None, QueryParam()] = None,
) -> Response:
    """List the received files, newest first. GET one of them for the counts of its verdicts."""
    rows = await _store(q.services).listed(
        q.caller.ledger, page, q.caller.entities, entity_id=entity_id, state=state
    )
    return q.respond(page.body(rows, ImportItem.of))


@router.get("/v1/imports/{import_id}", response_model=ImportOut)
async def get_import(
    import_id: ImportId, q: Annotated[Query, reading("invoices:read", time_travel=False)]
) -> Response:
    """Get an import with the counts of its verdicts."""
    found = await _found(q, import_id)
    return q.respond(ImportOut.counted(found, await _store(q.services).counts(import_id)))


@router.get("/v1/imports/{import_id}/lines", response_model=LineListing)
async def list_import_lines(
    import_id: ImportId,
    q: Annotated[Query, reading("invoices:read", time_travel=False)],
    page: Annotated[Page, LINES_PAGE],
    verdict: Annotated[Verdict | None, QueryParam()] = None,
) -> Response:
    """List the verdicts in the order of the file; a rejected line's detail gives what to change."""
    await _found(q, import_id)
    return q.respond(page.body(await _store(q.services).lines(import_id, page, verdict=verdict), dict))


def _store(at_hand: Services) -> ImportStore:
    return ImportStore(at_hand.db.pool)


def _inbox(at_hand: Services) -> Inbox:
    return Inbox(at_hand.ledger, _store(at_hand), at_hand.settings.var_dir, only_entity_of(at_hand.db))


async def _found(q: Query, import_id: str) -> Import:
    found = await _store(q.services).get(q.caller.ledger, import_id)
    if found is None:
        raise ImportNotFound(import_id)
    q.caller.require_sight(found.entity_id, ImportNotFound(import_id))
    return found
