"""Archive of a ledger: one file of gzip-compressed NDJSON that people can read and programs can check.

The first line describes the ledger; commands, events and number series follow in a fixed order; the last line has the
counts and the SHA-256 of all bytes before it. Payloads are written as they are stored. Loading gives the same rows bit
for bit, with a new epoch; loaded events cause no effects again (``effects_from``).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from encours.ledger.admin import check_ledger, checked_name, fresh_epoch
from encours.ledger.content import ContentCheck, LastNumber
from encours.ledger.errors import UnknownLedger
from encours.ledger.model import LedgerKind
from encours.ledger.selfcheck import require, self_check
from encours.ledger.stored import StoredEvent
from encours.postgres.connection import connect

FORMAT = "encours-ledger/1"
_PAGE = 5_000

Progress = Callable[[int, int], None]
"""Callback with the number of events done and of all events."""


class ArchiveInvalid(Exception):
    """The file is not a whole, unchanged archive of a ledger."""


class LedgerNotEmpty(Exception):
    """The ledger has events already."""


class Header(msgspec.Struct, kw_only=True, tag_field="line", tag="header"):
    """Content of the file; ``head`` is the number of events, ``epoch`` that of the exported ledger."""

    format: str
    name: str
    kind: LedgerKind
    time_zone: str
    clock_at: datetime | None
    created_at: datetime
    epoch: int
    effects_from: int
    head: int


class CommandLine(msgspec.Struct, kw_only=True, tag_field="line", tag="command", omit_defaults=True):
    """A recorded command; byte fields are base64."""

    command_id: UUID
    fingerprint: bytes
    first_position: int
    last_position: int
    answer: bytes


class EventLine(msgspec.Struct, kw_only=True, tag_field="line", tag="event", omit_defaults=True):
    """Event. ``data`` has the stored bytes themselves if they are JSON, ``data_base64`` others."""

    position: int
    stream: str
    version: int
    type: str
    schema_version: int
    entity: str
    event_id: UUID
    effective_on: date
    recorded_at: datetime
    actor: str
    command_id: UUID
    reason: str | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")
    data_base64: str | None = None

    def payload(self) -> bytes:
        """The stored bytes."""
        return bytes(self.data) if self.data_base64 is None else base64.b64decode(self.data_base64)


class SeriesLine(msgspec.Struct, kw_only=True, tag_field="line", tag="series"):
    """Last number of a series."""

    entity: str
    code: str
    year: int
    last_number: int
    last_issued_on: date


class Trailer(msgspec.Struct, kw_only=True, tag_field="line", tag="end"):
    """Counts and the digest of all lines above."""

    commands: int
    events: int
    series: int
    sha256: str


Line = Header | CommandLine | EventLine | SeriesLine | Trailer
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)
_json = msgspec.json.Decoder(msgspec.Raw)


async def export_ledger(dsn: str, name: str, file: Path, *, progress: Progress | None = None) -> Header:
    """Write a snapshot of a ledger to ``file``, while appends continue. Raises UnknownLedger."""
    connection = await connect(dsn, application_name="encours ledger export")
    partial = file.with_name(file.name + ".partial")
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            header, ledger_id = await read_header(connection, name)
            with (
                os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw,
                gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as out,
            ):
                await _write(connection, ledger_id, header, _Digested(out), progress)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
        await connection.close()
    return header


class _Digested:
    """Writer of lines that counts them and hashes their bytes."""

    def __init__(self, out: gzip.GzipFile) -> None:
        self._out = out
        self._sha256 = hashlib.sha256()
        self.counts = {CommandLine: 0, EventLine: 0, SeriesLine: 0}

    def write(self, line: Line) -> None:
        data = _encoder.encode(line) + b"\n"
        self._sha256.update(data)
        self._out.write(data)
        if type(line) in self.counts:
            self.counts[type(line)] += 1

    def end(self) -> None:
        self.write(
            Trailer(
                commands=self.counts[CommandLine],
                events=self.counts[EventLine],
                series=self.counts[SeriesLine],
                sha256=self._sha256.hexdigest(),
            )
        )


async def read_header(connection: asyncpg.Connection, name: str) -> tuple[Header, int]:
    """Return the head of a ledger's archive, and the ledger's number. Raises UnknownLedger."""
    row = await connection.fetchrow(
        """select l.*, (select coalesce(max(position), 0) from ledger.event where ledger = l.id) as head
             from ledger.ledgers l where name = $1""",
        name,
    )
    if row is None:
        raise UnknownLedger(name)
    columns = ("name", "kind", "time_zone", "clock_at", "created_at", "epoch", "effects_from", "head")
    return Header(format=FORMAT, **{column: row[column] for column in columns}), row["id"]


async def _write(
    connection: asyncpg.Connection, ledger_id: int, header: Header, out: _Digested, progress: Progress | None
) -> None:
    out.write(header)
    commands = "select * from ledger.command where ledger = $1 order by last_position, first_position desc, command_id"
    async for row in connection.cursor(commands, ledger_id, prefetch=_PAGE):
        out.write(_line(CommandLine, row))
    events = "select * from ledger.event where ledger = $1 order by position"
    async for row in connection.cursor(events, ledger_id, prefetch=_PAGE):
        out.write(_event_line(row))
        if progress is not None and row["position"] % _PAGE == 0:
            progress(row["position"], header.head)
    series = "select * from ledger.series where ledger = $1 order by entity, code, year"
    for row in await connection.fetch(series, ledger_id):
        out.write(_line(SeriesLine, row))
    out.end()
    if progress is not None:
        progress(header.head, header.head)


def _line(kind: Any, row: Any) -> Any:
    return kind(**{name: row[name] for name in kind.__struct_fields__})


def _event_line(row: Any) -> EventLine:
    fields = {name: row[name] for name in EventLine.__struct_fields__ if name not in ("data", "data_base64")}
    data: bytes = row["data"]
    try:
        _json.decode(data)
        embeddable = b"\n" not in data and data == data.strip()
    except (msgspec.DecodeError, UnicodeDecodeError):
        embeddable = False
    if embeddable:
        return EventLine(**fields, data=msgspec.Raw(data))
    return EventLine(**fields, data=msgspec.Raw(b"null"), data_base64=base64.b64encode(data).decode())


def encoded_event(row: Any) -> bytes:
    """Return the line of an event as a row of the ledger's table."""
    return _encoder.encode(_event_line(row)) + b"\n"


def verify_archive(file: Path) -> Header:
    """Read the whole file once: digest, counts, positions ``1..n``. Raises :class:`ArchiveInvalid`."""
    sha256, counts = hashlib.sha256(), {CommandLine: 0, EventLine: 0, SeriesLine: 0}
    header: Header | None = None
    trailer: Trailer | None = None
    for data, line in _lines(file):
        if trailer is not None or (header is None) is not isinstance(line, Header):
            raise ArchiveInvalid(f"{file}: a header or end line is out of place")
        match line:
            case Header():
                header = line
            case Trailer():
                trailer = line
                continue
            case EventLine() if line.position != counts[EventLine] + 1:
                raise ArchiveInvalid(f"{file}: position {counts[EventLine] + 1} is missing")
        sha256.update(data)
        if type(line) in counts:
            counts[type(line)] += 1
    if header is None or trailer is None:
        raise ArchiveInvalid(f"{file} is not complete: copy it again")
    found = Trailer(
        commands=counts[CommandLine],
        events=counts[EventLine],
        series=counts[SeriesLine],
        sha256=sha256.hexdigest(),
    )
    if found != trailer or header.head != trailer.events:
        raise ArchiveInvalid(
            f"{file} was changed or damaged: its lines do not give the digest in its last line"
        )
    if header.format != FORMAT:
        raise ArchiveInvalid(f"{file} has the format {header.format}; this program reads {FORMAT}")
    return header


def check_content(file: Path) -> None:
    """Read every payload and compare amounts and numbers with each other. Raises :class:`ContentInvalid` for what does
    not fit; an archive that was changed so that all of it fits passes (:mod:`encours.ledger.content`).
    """
    check, series = ContentCheck(), []
    for _, line in _lines(file):
        match line:
            case EventLine():
                check.read(_stored(line))
            case SeriesLine():
                series.append(LastNumber(line.entity, line.code, line.year, line.last_number))
            case _:
                pass
    check.finish(series)


def _stored(line: EventLine) -> StoredEvent:
    ids = (line.event_id, line.command_id, line.recorded_at)
    given = {name: getattr(line, name) for name in StoredEvent.__struct_fields__ if hasattr(line, name)}
    return StoredEvent(**given | {"raw": line.payload(), "ids": ids, "data": None})


def _lines(file: Path) -> Iterator[tuple[bytes, Line]]:
    try:
        with gzip.open(file, "rb") as lines:
            for data in lines:
                yield data, _decoder.decode(data)
    except (EOFError, gzip.BadGzipFile, msgspec.DecodeError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ArchiveInvalid(f"{file} is not an archive of a ledger, or is damaged: {error}") from error


async def load_ledger(
    dsn: str, file: Path, *, name: str | None = None, progress: Progress | None = None
) -> Header:
    """Load an archive into a new or empty ledger, as a whole or not at all; ``name`` is another name for the
    ledger.

    ``dsn`` is the installing user's. Raises :class:`ArchiveInvalid`, :class:`LedgerNotEmpty`, Invalid for a name or
    a time zone that no ledger can have, and SelfCheckFailed if the rows, though unchanged, break a rule of
    the ledger.
    """
    header = verify_archive(file)
    target = header.name if name is None else name
    check_ledger(target, header.time_zone)
    connection = await connect(dsn, application_name="encours ledger load")
    try:
        async with connection.transaction():
            ledger_id = await _empty_ledger(connection, header, target)
            await _copy(connection, ledger_id, header, file, progress)
            require(await self_check(connection, full=True, ledger=target))
    finally:
        await connection.close()
    return header


async def _empty_ledger(connection: asyncpg.Connection, header: Header, name: str) -> int:
    create = "select ledger.create_ledger($1, $2, $3, $4)"
    with checked_name(name):
        ledger_id: int = await connection.fetchval(
            create, name, header.kind, header.time_zone, header.clock_at
        )
    await connection.execute("select pg_advisory_xact_lock(1162756943, $1::int)", ledger_id)
    row = (await connection.fetch("select kind, epoch from ledger.ledgers where id = $1", ledger_id))[0]
    used = await connection.fetchval(
        "select exists (select from ledger.event where ledger = $1) "
        "or exists (select from ledger.command where ledger = $1)",
        ledger_id,
    )
    if used or row["kind"] != header.kind:
        raise LedgerNotEmpty(
            f"the ledger {name} exists and is not an empty {header.kind} one: choose another name"
        )
    await connection.execute(
        """update ledger.ledgers set epoch = $2, effects_from = $3, time_zone = $4, clock_at = $5, created_at
        = $6 where id = $1""",
        ledger_id,
        fresh_epoch(max(row["epoch"], header.epoch)),
        header.head,
        header.time_zone,
        header.clock_at,
        header.created_at,
    )
    return ledger_id


async def _copy(
    connection: asyncpg.Connection, ledger_id: int, header: Header, file: Path, progress: Progress | None
) -> None:
    async def rows(kind: type[Any], columns: tuple[str, ...]) -> AsyncIterator[tuple[Any, ...]]:
        for _, line in _lines(file):
            if not isinstance(line, kind):
                continue
            values = (line.payload() if name == "data" else getattr(line, name) for name in columns)
            yield (ledger_id, *values)
            if progress is not None and isinstance(line, EventLine) and line.position % _PAGE == 0:
                progress(line.position, header.head)

    event_columns = tuple(n for n in EventLine.__struct_fields__ if n != "data_base64")
    for table, kind, columns in (
        ("command", CommandLine, CommandLine.__struct_fields__),
        ("event", EventLine, event_columns),
        ("series", SeriesLine, SeriesLine.__struct_fields__),
    ):
        try:
            await connection.copy_records_to_table(
                table, schema_name="ledger", columns=("ledger", *columns), records=rows(kind, columns)
            )
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, ValueError) as refused:
            raise ArchiveInvalid(f"{file}: its {table} lines do not make a ledger: {refused}") from refused
    if progress is not None:
        progress(header.head, header.head)
