"""The importer's tables: received files, verdicts, and events that wait for their day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import asyncpg
import msgspec

from encours.reading.where import Where
from invoice_svc.imports.formats.amounts import Decimal
from invoice_svc.imports.formats.verdict import LineVerdict, Verdict
from invoice_svc.imports.survey import FileFormat, Group

if TYPE_CHECKING:
    from encours.reading.moment import Granted
    from encours.reading.pages import Page

Format = Literal["csv", "ndjson"]
ImportState = Literal["received", "reading", "recording", "completed", "failed"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Options for reading the lines of a file."""

    column_map: dict[str, str] = {}
    delimiter: str | None = None
    date_format: str | None = None
    currency: str = "EUR"
    country: str = "FR"
    decimal: Decimal | None = None
    encoding: str | None = None
    group: Group | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """A received file and its progress."""

    id: str
    ledger: str
    command_id: UUID
    fingerprint: bytes
    actor: str
    entity_id: str
    file_name: str
    format: Format
    sha256: str
    size_bytes: int
    options: Options
    read_as: FileFormat | None
    """Format of a CSV file as it was found; None before its lines are read, and for files of earlier releases."""
    generated: bool
    received_on: date
    received_at: datetime
    state: ImportState
    problem: str | None
    next_offset: int
    next_line: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines by verdict and events that wait for their day."""

    accepted: int
    duplicates: int
    rejected: int
    pending: int

    @property
    def lines(self) -> int:
        """Lines that have a verdict."""
        return self.accepted + self.duplicates + self.rejected


NO_LINES = Counts(0, 0, 0, 0)
"""Counts of a file just received."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Number and last day of the events that wait for their day."""

    count: int
    until: date | None


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """An event to be stored."""

    key: str
    line: int
    on_date: date
    rank: int
    customer_ref: str | None
    parent: str | None
    content: bytes
    data: bytes
    state: Literal["standby", "pending"]


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """A stored event that waits to be recorded."""

    entity_id: str
    key: str
    import_id: str
    line: int
    on_date: date
    customer_ref: str | None
    parent: str | None
    content: bytes
    data: bytes
    state: str


UNDATED = date.min
"""Before all days: PostgreSQL's -infinity."""
_IMPORT = """id, ledger, command_id, fingerprint, actor, entity_id, file_name, format, sha256, size_bytes, options,
 read_as, generated, received_on, received_at, state, problem, next_offset, next_line"""
_WAITING = "entity_id, key, import_id, line, on_date, customer_ref, parent, content, data, state"
_options = msgspec.json.Decoder(Options)
_read_as = msgspec.json.Decoder(FileFormat)


def as_import(row: Mapping[str, Any] | asyncpg.Record) -> Import:
    """Return the import of a row."""
    read_as = row["read_as"] and _read_as.decode(row["read_as"])
    return Import(**{**dict(row), "options": _options.decode(row["options"]), "read_as": read_as})


class ImportStore:
    """Reads and writes the tables of ``migrations/0010_imports.sql``. Every method is one transaction."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def add(self, found: Import) -> Import:
        """Store a received file. Return it, or the one that an earlier run of the command stored."""
        values = [getattr(found, name.strip()) for name in _IMPORT.split(",")]
        values[10] = msgspec.json.encode(found.options)
        values[11] = found.read_as and msgspec.json.encode(found.read_as)
        await self.pool.execute(
            f"insert into imports.import ({_IMPORT}) values ({', '.join(f'${n + 1}' for n in range(len(values)))})"
            " on conflict (ledger, command_id) do nothing",
            *values,
        )
        kept = await self.by_command(found.ledger, found.command_id)
        assert kept is not None
        return kept

    async def by_command(self, ledger: str, command_id: UUID) -> Import | None:
        """Return the import of a command, or None."""
        row = await self.pool.fetchrow(
            f"select {_IMPORT} from imports.import where ledger = $1 and command_id = $2", ledger, command_id
        )
        return None if row is None else as_import(row)

    async def get(self, ledger: str, import_id: str) -> Import | None:
        """Return an import of the ledger by its id, or None."""
        row = await self.pool.fetchrow(
            f"select {_IMPORT} from imports.import where ledger = $1 and id = $2", ledger, import_id
        )
        return None if row is None else as_import(row)

    async def listed(
        self, ledger: str, page: Page, granted: Granted, *, entity_id: str | None, state: ImportState | None
    ) -> list[asyncpg.Record]:
        """Return a page of a ledger's imports, as rows for :func:`as_import`."""
        where = Where(granted).equal("ledger", ledger).equal("entity_id", entity_id).equal("state", state)
        statement = where.page_sql(page, _IMPORT, "imports.import")
        rows: list[asyncpg.Record] = await self.pool.fetch(statement, *where.arguments)
        return rows

    async def unfinished(self, ledger: str | None = None) -> list[Import]:
        """Return imports that are not completed, oldest first, at most 1,000."""
        rows = await self.pool.fetch(
            f"""select {_IMPORT} from imports.import where state in ('received', 'reading', 'recording')
                and ($1::text is null or ledger = $1) order by received_at, id limit 1000""",
            ledger,
        )
        return [as_import(row) for row in rows]

    async def set_state(self, import_id: str, state: ImportState, problem: str | None = None) -> None:
        """Store the state of the import."""
        await self.pool.execute(
            "update imports.import set state = $2, problem = $3 where id = $1", import_id, state, problem
        )

    async def set_read_as(self, import_id: str, read_as: FileFormat) -> None:
        """Store the format in which the file is read."""
        await self.pool.execute(
            "update imports.import set read_as = $2 where id = $1", import_id, msgspec.json.encode(read_as)
        )

    async def counts(self, import_id: str) -> Counts:
        """Count the lines by verdict, and the pending events."""
        found = await self.pool.fetch(
            "select verdict, count(*) from imports.line where import_id = $1 group by verdict", import_id
        )
        rows: dict[str, int] = {row[0]: row[1] for row in found}
        pending = await self.pool.fetchval(
            "select count(*) from imports.event where import_id = $1 and state = 'pending'", import_id
        )
        return Counts(rows.get("accepted", 0), rows.get("duplicate", 0), rows.get("rejected", 0), pending)

    async def lines(self, import_id: str, page: Page, *, verdict: Verdict | None) -> list[asyncpg.Record]:
        """Return a page of verdicts, as rows with the fields of :class:`LineVerdict`."""
        # Lines have no entity of their own: who may see the import may see them.
        where = Where(None, entity=None).equal("import_id", import_id).equal("verdict", verdict)
        columns = 'line, verdict, code, column_name as "column", detail'
        statement = where.page_sql(page, columns, "imports.line")
        rows: list[asyncpg.Record] = await self.pool.fetch(statement, *where.arguments)
        return rows

    async def known(self, ledger: str, entity_id: str, keys: Sequence[str]) -> dict[str, tuple[bytes, str]]:
        """Return content and state of the stored events with these keys."""
        rows = await self.pool.fetch(
            "select key, content, state from imports.event where ledger = $1 and entity_id = $2 and key = any($3)",
            ledger,
            entity_id,
            keys,
        )
        return {row["key"]: (row["content"], row["state"]) for row in rows}

    async def keep_batch(
        self,
        found: Import,
        verdicts: Sequence[LineVerdict],
        events: Sequence[PlannedEvent],
        *,
        next_offset: int,
        next_line: int,
    ) -> None:
        """Store verdicts and events of a batch with the position of the next line, in one transaction."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """insert into imports.line (import_id, line, verdict, code, column_name, detail)
                   select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[])
                   on conflict do nothing""",
                found.id,
                *_columns(((v.line, v.verdict, v.code, v.column, v.detail) for v in verdicts), 5),
            )
            await connection.execute(
                """insert into imports.event as f
                     (ledger, entity_id, import_id, key, line, on_date, rank, customer_ref, parent, content, data,
                      state)
                   select $1, $2, $3, * from unnest($4::text[], $5::int[], $6::date[], $7::smallint[], $8::text[],
                                                    $9::text[], $10::bytea[], $11::bytea[], $12::text[])
                   on conflict (ledger, entity_id, key) do update
                     set import_id = excluded.import_id, line = excluded.line, on_date = excluded.on_date,
                         rank = excluded.rank, customer_ref = excluded.customer_ref, parent = excluded.parent,
                         content = excluded.content, data = excluded.data, state = excluded.state
                     where f.state = 'refused' or (f.state = 'standby' and excluded.state = 'pending')""",
                found.ledger,
                found.entity_id,
                found.id,
                *_columns(
                    (
                        (
                            f.key,
                            f.line,
                            f.on_date,
                            f.rank,
                            f.customer_ref,
                            f.parent,
                            f.content,
                            f.data,
                            f.state,
                        )
                        for f in events
                    ),
                    9,
                ),
            )
            await connection.execute(
                "update imports.import set next_offset = $2, next_line = $3, state = 'reading' where id = $1",
                found.id,
                next_offset,
                next_line,
            )

    async def earliest(self, ledger: str) -> date | None:
        """Return the day of the earliest dated event that is pending, or None."""
        found: date | None = await self.pool.fetchval(
            "select min(on_date) from imports.event where ledger = $1 and state = 'pending' and on_date > $2",
            ledger,
            UNDATED,
        )
        return found

    async def waiting(self, ledger: str) -> Waiting:
        """Count the dated events that are pending, with the day of the last."""
        row = await self.pool.fetchrow(
            """select count(*), max(on_date) from imports.event
               where ledger = $1 and state = 'pending' and on_date > $2""",
            ledger,
            UNDATED,
        )
        assert row is not None, "an aggregate has a row"
        return Waiting(row[0], row[1])

    async def unreported(self, ledger: str) -> list[tuple[Import, bool, bool]]:
        """Return imports with recorded events whose own events are not all in the ledger.

        With each: True if ``import.received`` is in the ledger, and True if events of the file are still pending.
        """
        rows = await self.pool.fetch(
            f"""select {_IMPORT}, i.reported is not null as reported,
                       exists (select from imports.event f where f.import_id = i.id and f.state = 'pending') as waits
                  from imports.import i
                 where ledger = $1 and i.reported is distinct from 'completed'
                   and exists (select from imports.event f where f.import_id = i.id and f.state = 'done')""",
            ledger,
        )
        found = []
        for row in rows:
            values = dict(row)
            reported, waits = values.pop("reported"), values.pop("waits")
            found.append((as_import(values), reported, waits))
        return found

    async def set_reported(self, import_id: str, event: Literal["received", "completed"]) -> None:
        """Store which of its two events the import has in the ledger."""
        await self.pool.execute("update imports.import set reported = $2 where id = $1", import_id, event)

    async def has_pending(self, ledger: str, upto: date) -> bool:
        """Return True if an event of that day or an earlier one is pending."""
        found: bool = await self.pool.fetchval(
            "select exists (select from imports.event where ledger = $1 and state = 'pending' and on_date <= $2)",
            ledger,
            upto,
        )
        return found

    async def due(self, ledger: str, upto: date, limit: int) -> list[WaitingEvent]:
        """Return pending events up to that day, in the order of recording."""
        rows = await self.pool.fetch(
            f"""select {_WAITING} from imports.event where ledger = $1 and state = 'pending' and on_date <= $2
                order by on_date, rank, seq limit $3""",
            ledger,
            upto,
            limit,
        )
        return [WaitingEvent(**row) for row in rows]

    async def by_keys(self, ledger: str, entity_id: str, keys: Iterable[str]) -> dict[str, WaitingEvent]:
        """Return events by key, in any state."""
        rows = await self.pool.fetch(
            f"select {_WAITING} from imports.event where ledger = $1 and entity_id = $2 and key = any($3)",
            ledger,
            entity_id,
            list(keys),
        )
        return {row["key"]: WaitingEvent(**row) for row in rows}

    async def mark(
        self, ledger: str, fed: Sequence[tuple[str, str]], refused: Sequence[tuple[WaitingEvent, LineVerdict]]
    ) -> None:
        """Mark events (entity, key) as recorded, and others as refused, with the verdicts on their lines."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """update imports.event f set state = 'done' from unnest($2::text[], $3::text[]) u(entity_id, key)
                   where f.ledger = $1 and f.entity_id = u.entity_id and f.key = u.key""",
                ledger,
                *_columns(fed, 2),
            )
            if not refused:
                return
            await connection.execute(
                """update imports.event f set state = 'refused' from unnest($2::text[], $3::text[]) u(entity_id, key)
                   where f.ledger = $1 and f.entity_id = u.entity_id and f.key = u.key""",
                ledger,
                *_columns(((event.entity_id, event.key) for event, _ in refused), 2),
            )
            await connection.execute(
                """insert into imports.line as l (import_id, line, verdict, code, column_name, detail)
                   select distinct on (u.import_id, u.line) u.*
                     from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[])
                          u(import_id, line, verdict, code, column_name, detail)
                   on conflict (import_id, line) do update
                     set verdict = excluded.verdict, code = excluded.code, detail = excluded.detail""",
                *_columns(
                    ((f.import_id, v.line, v.verdict, v.code, v.column, v.detail) for f, v in refused), 6
                ),
            )


def _columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Transpose rows for ``unnest``; without rows, return ``width`` empty columns."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
