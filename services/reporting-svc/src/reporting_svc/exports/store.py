"""The tables of exports: requests, progress, the parts of files."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import asyncpg
import msgspec

from encours.contracts.events.schedule import ReportOptions
from encours.reading.where import Where
from encours.service.long_work_store import LongWork, LongWorkStore

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import Granted
    from encours.reading.pages import Page

ExportKind = Literal["fec", "journal", "aged_balance", "open_items"]
REPORTS: tuple[ExportKind, ...] = ("aged_balance", "open_items")
"""Exports of a day; the others are of entries."""
Layout = Literal["fec", "sage", "cegid", "quadra", "csv", "xlsx", "parquet"]
ExportState = Literal["queued", "running", "completed", "failed"]


class ExportProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Progress of an export: everything counted here is in the stored parts."""

    position: int = 0
    """Events up to it are written; 0 before the opening balances are."""
    entries: int = 0
    lines: int = 0
    debit_minor: int = 0
    parts: int = 0
    table_parts: int = 0
    """Parts of the rows from which a workbook or a Parquet file is made."""


NOT_BEGUN = ExportProgress()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Export(LongWork):
    """An export."""

    JSON: ClassVar[Mapping[str, Any]] = {
        "accounts": dict[str, str],
        "report": ReportOptions,
        "done": ExportProgress,
        "manifest": Manifest,
    }

    entity_id: str
    kind: ExportKind
    layout: Layout
    accounts: dict[str, str]
    report: ReportOptions | None
    state: ExportState = "queued"
    done: ExportProgress = NOT_BEGUN
    manifest: Manifest | None = None


class ExportStore(LongWorkStore[Export]):
    """Reads and writes the tables of ``migrations/0001_exports.sql``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(
            pool,
            Export,
            "encours_exports.export",
            ("reporting_svc.migrations", "0001_exports.sql"),
            result="manifest",
            found=("part", "table_part"),
        )

    def connection(self) -> AbstractAsyncContextManager[Conn]:
        """Open a connection for a process that also reads."""
        found: AbstractAsyncContextManager[Conn] = self._pool.acquire()
        return found

    async def listed(self, ledger: str, page: Page, granted: Granted) -> list[asyncpg.Record]:
        """Return a page of a ledger's exports, as rows for :meth:`Export.of`."""
        return await self._listed(Where(granted), page, ledger)

    async def content(self, export_id: str, first: int = 0, size: int | None = None) -> AsyncIterator[bytes]:
        """Iterate over a file, or ``size`` bytes of it from the byte ``first`` on, counted from 0."""
        behind = None if size is None else first + size
        passed = 0
        async for content in self._parts(export_id):
            begins, passed = passed, passed + len(content)
            if passed > first:
                yield content[max(0, first - begins) : None if behind is None else max(0, behind - begins)]
            if behind is not None and passed >= behind:
                return

    def rows(self, export_id: str) -> AsyncIterator[bytes]:
        """Iterate over the stored rows of a workbook or a Parquet file."""
        return self._parts(export_id, "table_part")

    async def _parts(self, export_id: str, table: str = "part") -> AsyncIterator[bytes]:
        part = 0
        while True:
            part += 1
            content = await self._pool.fetchval(
                f"select content from encours_exports.{table} where export_id = $1 and part = $2",
                export_id,
                part,
            )
            if content is None:
                return
            yield zlib.decompress(content)

    async def keep(
        self, running: Export, done: ExportProgress, content: bytes | None, *, of_table: bool = False
    ) -> bool:
        """Store a part with the progress that it makes; False if another process has begun the export.

        Without ``content`` only the progress is stored. ``of_table``: the part holds rows of a table.
        """
        table, part = ("table_part", done.table_parts) if of_table else ("part", done.parts)
        async with self._pool.acquire() as conn, conn.transaction():
            if not await self._set(conn, running, {"done": msgspec.json.encode(done)}):
                return False
            if content is not None:
                await conn.execute(
                    f"insert into encours_exports.{table} (export_id, part, content) values ($1, $2, $3)",
                    running.id,
                    part,
                    content,
                )
        return True

    async def go_back(self, running: Export, done: ExportProgress) -> bool:
        """Store an earlier progress and delete the parts beyond it; False if another process has begun the export."""
        async with self._pool.acquire() as conn, conn.transaction():
            if not await self._set(conn, running, {"done": msgspec.json.encode(done)}):
                return False
            for table, parts in (("part", done.parts), ("table_part", done.table_parts)):
                await conn.execute(
                    f"delete from encours_exports.{table} where export_id = $1 and part > $2",
                    running.id,
                    parts,
                )
        return True

    async def complete(self, running: Export, result: msgspec.Struct) -> bool:
        """Store the manifest and delete the rows that the file was made from."""
        async with self._pool.acquire() as conn, conn.transaction():
            found = await self._end(running, "completed", {"manifest": msgspec.json.encode(result)}, conn)
            if found:
                await conn.execute("delete from encours_exports.table_part where export_id = $1", running.id)
        return found
