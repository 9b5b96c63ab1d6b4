"""/v1/imports: past customers, invoices, payments and disputes from a file, with a verdict for each line."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Path as PathParam
from fastapi import Query as QueryParam
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from encours.http.auth import require
from encours.http.commands import Command, RequestInFlight, command, json_response
from encours.http.models import Id
from encours.http.paging import Listing, paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.http.services import Services
from encours.http.uploads import chunks
from encours.kernel.errors import DomainError, Invalid, NotFound
from encours.kernel.ids import derived_id, uuid7
from encours.kernel.money import exponent
from encours.ledger.errors import CommandReused
from encours.reading.pages import Page
from encours.reading.read_db import ReadModelNotReady
from invoice_svc.http.common import EntityId
from invoice_svc.imports import ids, values
from invoice_svc.imports.csv_lines import parse_map
from invoice_svc.imports.reading import header_of, spool_path
from invoice_svc.imports.store import (
    Counts,
    Format,
    Import,
    ImportState,
    ImportStore,
    Options,
    as_import,
)
from invoice_svc.imports.verdict import Fault, Verdict
from invoice_svc.read_models.lists import NAME

router = Router(tags=["Imports"])
PAGE = paging("received_at", default="-received_at")
LINES_PAGE = paging("line", default="line", key="line")

ImportId = Annotated[str, PathParam(json_schema_extra={"examples": ["imp_" + "0" * 32]}), Id("imp")]
MEDIA_TYPES: dict[str, Format] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
}
MAX_BYTES = 512 * 1024 * 1024
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


class ImportItem(BaseModel):
    """A received file."""

    id: str
    state: ImportState = Field(
        description="`recording`: every line has its verdict, facts are on their way into the ledger."
    )
    ledger: str
    entity_id: str
    file_name: str
    format: Format
    sha256: str
    size_bytes: int
    generated: bool
    received_at: datetime
    problem: str | None = Field(description="Why the import failed as a whole, or what it waits for.")


class ImportOut(ImportItem):
    """A received file and what has become of its lines."""

    lines: int = Field(description="Lines that have a verdict.")
    accepted: int
    duplicates: int
    rejected: int
    pending: int = Field(description="Facts that wait: in a sandbox, until its clock has come to their day.")


class ImportListing(Listing[ImportItem]):
    """Received files."""


class LineOut(BaseModel):
    """The verdict on one line."""

    line: int = Field(description="Where it begins in the file, from 1.")
    verdict: Literal["accepted", "duplicate", "rejected"]
    code: str | None = Field(description="Stable code of the fault, or of a remark on an accepted line.")
    column: str | None
    detail: str | None = Field(description="What to change.")


class LineListing(Listing[LineOut]):
    """Verdicts on lines."""


@router.post(
    "/v1/imports",
    response_model=ImportOut,
    status_code=202,
    dependencies=[require("payments:write")],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string", "format": "binary"}},
                "application/x-ndjson": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
async def receive_import(
    request: Request,
    cmd: Annotated[Command, command("invoices:write", dry_run=False, upload=True)],
    column_map: Annotated[
        str,
        QueryParam(
            alias="map",
            max_length=4000,
            description="Ours=theirs for each column of a CSV file.",
            examples=["invoice_number=InvoiceNo,issued_on=InvoiceDate,customer=CustomerID,amount=TotalPrice"],
        ),
    ] = "",
    date_format: Annotated[
        str | None,
        QueryParam(
            max_length=40, description="strptime format of dates in a CSV file.", examples=["%d/%m/%Y"]
        ),
    ] = None,
    delimiter: Annotated[Literal["comma", "semicolon", "tab"], QueryParam()] = "comma",
    currency: Annotated[str, QueryParam(max_length=3, description="Of lines that name none.")] = "EUR",
    country: Annotated[
        str,
        QueryParam(pattern="^[A-Z]{2}$", description="Of customers whose country the file does not tell."),
    ] = "FR",
    entity_id: Annotated[
        str | None,
        QueryParam(
            pattern="^ent_[0-9a-f]{32}$",
            description="The creditor; the ledger's only one, else a new one named after the ledger.",
        ),
    ] = None,
    file_name: Annotated[str | None, QueryParam(max_length=200)] = None,
    generated: Annotated[bool, QueryParam(description="Made by a model rather than observed.")] = False,
) -> Response:
    """Take a file in: it is kept, then read and recorded in the background. The same lines sent again change nothing.

    A CSV line is an invoice; `disputed` and `settled_on` tell what became of it. An NDJSON line is one fact, by its
    `kind`: entity, customer, invoice, payment, credit_note, dispute, dispute_resolved, payment_reversed.
    """
    file_format = _format(request)
    cmd.context.stream_body(min(MAX_BYTES, cmd.services.settings.upload_max_bytes))
    exponent(currency)
    options = Options(
        column_map=parse_map(column_map),
        delimiter=DELIMITERS[delimiter],
        date_format=_date_format(date_format),
        currency=currency,
        country=country,
    )
    name = _file_name(file_name, file_format)
    entity = await _entity(cmd, entity_id)
    in_flight, mark = cmd.services.in_flight, (cmd.meta.ledger, cmd.meta.command_id)
    if mark in in_flight:
        raise RequestInFlight
    in_flight.add(mark)
    try:
        import_id = derived_id("imp", cmd.meta.ledger, cmd.meta.command_id)
        received = await _spool(
            request, spool_path(cmd.services.settings.var_dir, import_id), file_format, options
        )
        fingerprint = hashlib.sha256(cmd.meta.fingerprint + received.sha256).digest()
        store = _store(cmd.services)
        known = await store.by_command(cmd.meta.ledger, cmd.meta.command_id)
        if known is not None and known.fingerprint != fingerprint:
            received.part.unlink()
            raise CommandReused
        await asyncio.to_thread(received.keep)
        kept = await store.add(
            Import(
                id=import_id,
                ledger=cmd.meta.ledger,
                command_id=cmd.meta.command_id,
                fingerprint=fingerprint,
                actor=cmd.meta.actor,
                entity_id=entity,
                file_name=name,
                format=file_format,
                sha256=received.sha256.hex(),
                size_bytes=received.size_bytes,
                options=options,
                generated=generated,
                received_on=cmd.meta.today,
                received_at=datetime.now(UTC),
                state="received",
                problem=None,
                next_offset=0,
                next_line=1,
            )
        )
    finally:
        in_flight.discard(mark)
    headers = {"Location": f"/v1/imports/{kept.id}", "Cache-Control": "no-store"}
    if known is not None:
        headers["Idempotency-Replayed"] = "true"
    # As it was when it was received, so that a repetition is answered alike; GET tells how it goes on.
    first = replace(kept, state="received", problem=None)
    return json_response(_out(first, Counts(0, 0, 0, 0)), status=202, headers=headers)


@router.get("/v1/imports", response_model=ImportListing)
async def list_imports(
    q: Annotated[Query, reading("invoices:read", time_travel=False)],
    page: Annotated[Page, PAGE],
    entity_id: EntityId | None = None,
    state: Annotated[ImportState | None, QueryParam()] = None,
) -> Response:
    """The files that the ledger has received, the newest first. What became of the lines, each tells by itself."""
    rows = await _store(q.services).listed(
        q.caller.ledger, page, entities=q.caller.entities, entity_id=entity_id, state=state
    )
    return q.respond(page.body(rows, lambda row: _item(as_import(row))))


@router.get("/v1/imports/{import_id}", response_model=ImportOut)
async def get_import(
    import_id: ImportId, q: Annotated[Query, reading("invoices:read", time_travel=False)]
) -> Response:
    """How far an import has come."""
    found = await _found(q, import_id)
    return q.respond(_out(found, await _store(q.services).counts(import_id)))


@router.get("/v1/imports/{import_id}/lines", response_model=LineListing)
async def list_import_lines(
    import_id: ImportId,
    q: Annotated[Query, reading("invoices:read", time_travel=False)],
    page: Annotated[Page, LINES_PAGE],
    verdict: Annotated[Verdict | None, QueryParam()] = None,
) -> Response:
    """What became of each line, in the order of the file, and what to change where one was rejected."""
    await _found(q, import_id)
    return q.respond(page.body(await _store(q.services).lines(import_id, page, verdict=verdict), dict))


def _store(at_hand: Services) -> ImportStore:
    return ImportStore(at_hand.db.pool)


async def _found(q: Query, import_id: str) -> Import:
    found = await _store(q.services).get(q.caller.ledger, import_id)
    if found is None:
        raise NotFound("import", import_id)
    q.caller.require_entity(found.entity_id)
    return found


def _format(request: Request) -> Format:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise DomainError(
            "unsupported-media-type",
            "Send Content-Type: text/csv or application/x-ndjson.",
            title="The body's type is not accepted",
            status=415,
        )
    return MEDIA_TYPES[media_type]


def _date_format(text: str | None) -> str | None:
    if text is None:
        return None
    day = datetime(2026, 3, 31, tzinfo=UTC)
    try:
        kept = datetime.strptime(day.strftime(text), text).date() == day.date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        kept = False
    if not kept:
        raise Invalid(
            f"{text!r} does not tell day, month and year; write one such as %d/%m/%Y.", "date_format"
        )
    return text


def _file_name(given: str | None, file_format: Format) -> str:
    try:
        return values.text(given or f"import.{file_format}", "file_name")
    except Fault as fault:
        raise Invalid(fault.detail, "file_name") from None


async def _entity(cmd: Command, given: str | None) -> str:
    """The creditor: the one named, else the ledger's only one, else one that the first fact will register."""
    name, at_hand = cmd.meta.ledger, cmd.services
    entity_id = given or ids.own_entity(name)
    exists = bool((await at_hand.ledger.versions(name, [entity_id]))[entity_id])
    if given is not None and not exists:
        raise NotFound("entity", given)
    if given is None and not exists:
        try:
            async with at_hand.db.snapshot(NAME, name) as (conn, schema, _):
                rows = await conn.fetch(f"select entity_id from {schema}.entity limit 2")
        except ReadModelNotReady:
            rows = []
        entity_id = rows[0]["entity_id"] if len(rows) == 1 else entity_id
    cmd.caller.require_entity(entity_id)
    return entity_id


class _Received:
    """A file that has arrived and is not kept yet."""

    def __init__(self, part: Path, path: Path, sha256: bytes, size_bytes: int) -> None:
        self.part = part
        self.path = path
        self.sha256 = sha256
        self.size_bytes = size_bytes

    def keep(self) -> None:
        """Give it its name, so that it is there after any stop. The same file may have it already."""
        self.part.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


async def _spool(request: Request, path: Path, file_format: Format, options: Options) -> _Received:
    """Write the body to disk as it arrives, and see that its header is what the column map says."""
    part = path.with_name(f".{path.name}-{uuid7().hex[-8:]}.part")
    await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        target = await asyncio.to_thread(part.open, "w+b")
        try:
            async for chunk in chunks(request):
                digest.update(chunk)
                size += len(chunk)
                await asyncio.to_thread(target.write, chunk)
            await asyncio.to_thread(target.flush)
            await asyncio.to_thread(os.fsync, target.fileno())
            await asyncio.to_thread(header_of, target, file_format, options)
        finally:
            await asyncio.to_thread(target.close)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return _Received(part, path, digest.digest(), size)


def _item(found: Import) -> dict[str, Any]:
    return {
        "id": found.id,
        "state": found.state,
        "ledger": found.ledger,
        "entity_id": found.entity_id,
        "file_name": found.file_name,
        "format": found.format,
        "sha256": found.sha256,
        "size_bytes": found.size_bytes,
        "generated": found.generated,
        "received_at": found.received_at.isoformat().replace("+00:00", "Z"),
        "problem": found.problem,
    }


def _out(found: Import, counts: Counts) -> dict[str, Any]:
    return _item(found) | {
        "lines": counts.lines,
        "accepted": counts.accepted,
        "duplicates": counts.duplicates,
        "rejected": counts.rejected,
        "pending": counts.pending,
    }
