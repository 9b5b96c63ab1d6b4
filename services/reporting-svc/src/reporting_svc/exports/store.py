"""The tables of exports: requests, progress, the parts of files."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import asyncpg
import msgspec

from encours.reading.where import Where

if TYPE_CHECKING:
    from encours.reading.moment import Granted
    from encours.reading.pages import Page

ExportKind = Literal["fec", "journal", "aged_balance", "open_items"]
Layout = Literal["fec", "sage", "cegid", "quadra", "csv", "xlsx", "parquet"]
ExportState = Literal["queued", "running", "completed", "failed"]
KEPT = 50
"""Exports of a ledger that are kept; with a new one the oldest beyond them are deleted."""


class ExportProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Place that an export has reached: all of it is in the stored parts."""

    position: int = 0
    """Events up to it are written; 0 before the opening balances are."""
    entries: int = 0
    lines: int = 0
    debit_minor: int = 0
    parts: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Description of a completed file, from which anyone can check it."""

    file_name: str
    media_type: str
    encoding: str | None
    size_bytes: int
    sha256: str
    entity_id: str
    first_on: date
    last_on: date
    first_position: int
    last_position: int
    currency: str
    entries: int
    lines: int
    debit_minor: int | None
    """Sum of the debits, which is that of the credits, in minor units of the currency; ``None`` for a report."""
    accounts: dict[str, str]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Export:
    """An export. ``starts``: number of processes that have begun it."""

    id: str
    ledger: str
    entity_id: str
    kind: ExportKind
    layout: Layout
    first_on: date
    last_on: date
    position: int
    accounts: dict[str, str]
    fingerprint: bytes
    asked_by: str
    asked_at: datetime
    state: ExportState
    problem: str | None
    starts: int
    done: ExportProgress
    completed_at: datetime | None
    manifest: Manifest | None


_FIELDS = ", ".join(Export.__dataclass_fields__)


def as_export(row: Mapping[str, Any] | asyncpg.Record) -> Export:
    """Return the export of a row."""
    manifest = row["manifest"] and msgspec.json.decode(row["manifest"], type=Manifest)
    accounts = msgspec.json.decode(row["accounts"], type=dict[str, str])
    done = msgspec.json.decode(row["done"], type=ExportProgress)
    return Export(**{**dict(row), "accounts": accounts, "done": done, "manifest": manifest})


class ExportStore:
    """Reads and writes the tables of ``migrations/0001_exports.sql``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._is_prepared = False

    async def prepare(self) -> None:
        """Create the tables, once. Several processes may call it at once."""
        if self._is_prepared:
            return
        text = files("reporting_svc.migrations").joinpath("0001_exports.sql").read_text("utf-8")
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute("select pg_advisory_xact_lock(hashtext('encours_exports'))")
            await conn.execute(text)
        self._is_prepared = True

    async def add(self, wanted: Export) -> Export:
        """Store a request. Return it, or the one that an earlier run of the command stored."""
        await self._pool.execute(
            """insert into encours_exports.export (id, ledger, entity_id, kind, layout, first_on, last_on, position,
                 accounts, fingerprint, asked_by, done, state)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'queued') on conflict (id) do nothing""",
            wanted.id, wanted.ledger, wanted.entity_id, wanted.kind, wanted.layout, wanted.first_on, wanted.last_on,
            wanted.position, msgspec.json.encode(wanted.accounts), wanted.fingerprint, wanted.asked_by,
            msgspec.json.encode(wanted.done),
        )  # fmt: skip
        await self._pool.execute(
            """delete from encours_exports.export where id in (
                 select id from encours_exports.export where ledger = $1 and state not in ('queued', 'running')
                  order by asked_at desc, id desc offset $2)""",
            wanted.ledger,
            KEPT,
        )
        kept = await self.get(wanted.ledger, wanted.id)
        assert kept is not None
        return kept

    async def get(self, ledger: str, export_id: str) -> Export | None:
        """Return an export of the ledger, or None."""
        row = await self._pool.fetchrow(
            f"select {_FIELDS} from encours_exports.export where ledger = $1 and id = $2", ledger, export_id
        )
        return None if row is None else as_export(row)

    async def listed(self, ledger: str, page: Page, granted: Granted) -> list[asyncpg.Record]:
        """Return a page of a ledger's exports, as rows for :func:`as_export`."""
        where = Where(granted).equal("ledger", ledger)
        statement = where.page_sql(page, _FIELDS, "encours_exports.export")
        rows: list[asyncpg.Record] = await self._pool.fetch(statement, *where.arguments)
        return rows

    async def content(self, export_id: str) -> AsyncIterator[bytes]:
        """Iterate over the parts of a file, in order."""
        part = 0
        while True:
            part += 1
            content = await self._pool.fetchval(
                "select content from encours_exports.part where export_id = $1 and part = $2", export_id, part
            )
            if content is None:
                return
            yield zlib.decompress(content)

    async def next_waiting(self) -> Export | None:
        """Return the oldest export without a file, also one whose process has ended."""
        row = await self._pool.fetchrow(
            f"""select {_FIELDS} from encours_exports.export where state in ('queued', 'running')
                order by asked_at, id limit 1"""
        )
        return None if row is None else as_export(row)

    async def begin(self, export_id: str) -> Export | None:
        """Begin an export that waits, or go on with one that an earlier process has begun; None if there is none."""
        row = await self._pool.fetchrow(
            f"""update encours_exports.export set state = 'running', starts = starts + 1
                 where id = $1 and state in ('queued', 'running') returning {_FIELDS}""",
            export_id,
        )
        return None if row is None else as_export(row)

    async def keep(self, running: Export, done: ExportProgress, content: bytes | None) -> bool:
        """Store a part with the place that it reaches; False if another process has begun the export.

        Without ``content`` only the place is stored.
        """
        async with self._pool.acquire() as conn, conn.transaction():
            updated = await conn.fetchval(
                """update encours_exports.export set done = $3
                    where id = $1 and starts = $2 and state = 'running' returning true""",
                running.id,
                running.starts,
                msgspec.json.encode(done),
            )
            if updated and content is not None:
                await conn.execute(
                    "insert into encours_exports.part (export_id, part, content) values ($1, $2, $3)",
                    running.id,
                    done.parts,
                    content,
                )
        return bool(updated)

    async def forget_parts(self, export_id: str) -> None:
        """Delete the parts of a file that is begun anew."""
        await self._pool.execute("delete from encours_exports.part where export_id = $1", export_id)

    async def complete(self, running: Export, manifest: Manifest) -> None:
        """Store the manifest: the file is there."""
        await self._end(running, "completed", manifest=msgspec.json.encode(manifest))

    async def fail(self, running: Export, problem: str) -> None:
        """Store why there is no file."""
        await self._end(running, "failed", problem=problem)

    async def _end(
        self,
        running: Export,
        state: ExportState,
        *,
        problem: str | None = None,
        manifest: bytes | None = None,
    ) -> None:
        await self._pool.execute(
            """update encours_exports.export set state = $3, problem = $4, manifest = $5, completed_at = now()
                where id = $1 and starts = $2 and state in ('queued', 'running')""",
            running.id,
            running.starts,
            state,
            problem,
            manifest,
        )
