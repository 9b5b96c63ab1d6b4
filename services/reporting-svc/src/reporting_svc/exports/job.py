"""The process of one export: ``python -m reporting_svc export ID``, started by the worker.

It reads the ledger itself, some thousands of events at a time, and stores what it has written with the place that it
has reached, in one transaction: after a kill the next process goes on from there, and the file is the same, byte for
byte. A workbook and a Parquet file are begun anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvloop
from msgspec.structs import replace

from encours.contracts import Recorded
from encours.kernel.errors import DomainError
from encours.kernel.exchange import RateHistory
from encours.ledger import Ledger
from encours.postgres.connection import STORE_SETTINGS, close_pool, open_pool
from encours.projection.read_model import Conn
from encours.projection.schemas import schema_of
from encours.reading.rates import rate_histories
from encours.reading.read_db import ReadDb
from encours.service.memory import tune_collector
from encours.service.settings import ServiceSettings
from reporting_svc.domain.journal.booking import Booking
from reporting_svc.domain.journal.chart import LedgerAccount, default_chart
from reporting_svc.domain.journal.rules import RULES
from reporting_svc.exports.layouts.fec import FecLayout, file_name
from reporting_svc.exports.layouts.software import ENCODING, TEXT_LAYOUTS
from reporting_svc.exports.layouts.tables import CsvLayout, SheetTooLong, Workbook, write_parquet
from reporting_svc.exports.line import ExportLine
from reporting_svc.exports.store import Export, ExportProgress, ExportStore, Manifest
from reporting_svc.exports.valuation import Valuation
from reporting_svc.exports.writing import JournalWriter, balances
from reporting_svc.models import MODELS, NAME
from reporting_svc.read_models.journal.letters import Letters
from reporting_svc.read_models.journal.source import Creditor, JournalSource
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.receivables import Receivables

PART_BYTES = 4 * 2**20
WAIT_S = 600.0
"""Longest wait for the receivables to reach the position of the export."""
_TYPES = sorted(RULES)
_TABLES = ("xlsx", "parquet")
_MEDIA = {
    "fec": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


class ExportAbandoned(Exception):
    """Another process has begun the export, or the worker that started this one has ended."""


def main(settings: ServiceSettings, options: Sequence[str]) -> int:
    """Write the export and return 0; 1 if it failed, 2 without an id."""
    if len(options) != 1:
        print("usage: python -m reporting_svc export ID", file=sys.stderr)
        return 2
    return uvloop.run(_main(settings, options[0]))


async def _main(settings: ServiceSettings, export_id: str) -> int:
    store_url = settings.store_url.get_secret_value()
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(settings.ledger_url.get_secret_value(), readers=2)
        stack.push_async_callback(ledger.close)
        db = await ReadDb.open(store_url, ledger=ledger, models=MODELS, size=1)
        stack.push_async_callback(db.close)
        pool = await open_pool(
            store_url, f"{NAME} export", size=2, settings=STORE_SETTINGS, command_timeout_s=600.0
        )
        stack.push_async_callback(close_pool, pool)
        store = ExportStore(pool)
        export = await store.begin(export_id)
        if export is None:
            return 0
        tune_collector()
        conn = await stack.enter_async_context(pool.acquire())
        try:
            await ExportRun(ledger, db, store, conn, export).run()
        except ExportAbandoned:
            return 0
        except (DomainError, LookupError, ValueError) as failed:
            await store.fail(export, str(failed) or type(failed).__name__)
            return 1
        except SheetTooLong:
            await store.fail(
                export, "A sheet has at most 1,048,576 rows. Ask for a shorter period, or for csv."
            )
            return 1
    return 0


class ExportRun:
    """One run of an export, from the place that an earlier one has reached to its manifest."""

    def __init__(self, ledger: Ledger, db: ReadDb, store: ExportStore, conn: Conn, export: Export) -> None:
        self._ledger, self._db, self._store, self._conn, self._export = ledger, db, store, conn, export
        self._done = export.done
        self._source = JournalSource(ledger, export.ledger, export.entity_id, export.position)
        self._parent = os.getppid()
        self._unsaved: list[bytes] = []

    async def run(self) -> None:
        """Write the file and its manifest. Raises :class:`ExportAbandoned`, and errors that say why none is there."""
        export = self._export
        if not await self._db.wait_for(Receivables.name, export.ledger, export.position, timeout=WAIT_S):
            raise LookupError(f"The receivables have not reached position {export.position}.")
        creditor = await self._source.creditor()
        writer = await self._writer(creditor)
        warnings = await self._warnings(creditor)
        if export.layout in _TABLES:
            with tempfile.TemporaryDirectory(prefix="encours-export-") as folder:
                await self._table(Path(folder), writer, creditor)
        else:
            await self._text(writer, creditor)
        await self._store.complete(export, await self._manifest(creditor, writer, warnings))

    async def _writer(self, creditor: Creditor) -> JournalWriter:
        export, currency = self._export, creditor.currency
        schema = schema_of(Receivables.name, export.ledger)
        letters = Letters(self._conn, schema)
        await letters.prepare(export.entity_id, export.position, export.first_on, export.last_on)
        currencies = await letters.currencies()
        rates = await rate_histories(
            self._conn,
            schema,
            [export.entity_id],
            [*currencies, currency],
            as_of=export.last_on,
            position=export.position,
        )
        valuation = Valuation(currency, rates.get(export.entity_id) or RateHistory(()))
        chart = default_chart().with_numbers(export.accounts)
        zone = ZoneInfo((await self._ledger.info(export.ledger)).time_zone)
        booking = Booking(chart, currency, valuation.value)
        auxiliaries = await self._source.auxiliaries()
        return JournalWriter(chart, currency, zone, auxiliaries, letters, valuation, booking)

    async def _warnings(self, creditor: Creditor) -> tuple[str, ...]:
        found = []
        if self._export.kind == "fec" and creditor.siren is None:
            found.append("The entity has no SIREN: the file name has zeros in its place.")
        if await parked_streams(self._conn, Receivables.name, self._export.ledger):
            found.append("Events of some streams could not be applied: their items are not lettered.")
        return tuple(found)

    async def _text(self, writer: JournalWriter, creditor: Creditor) -> None:
        """Write a text file, part by part."""
        layout = self._layout(creditor)
        if not self._done.position:
            await self._store.forget_parts(self._export.id)
            self._done = ExportProgress()
            self._unsaved.append(layout.head())
            async for lines in self._opening(writer):
                self._unsaved.append(layout.body(lines))
                self._count(lines, entries=1)
                await self._save(full=True)
        async for commands in self._commands():
            lines, number = await writer.lines(commands, self._done.entries)
            self._unsaved.append(layout.body(lines))
            self._count(lines, entries=number, position=commands[-1][-1].position)
            await self._save(full=True)
        self._done = replace(self._done, position=self._export.position)
        await self._save()

    def _layout(self, creditor: Creditor) -> FecLayout | CsvLayout | Any:
        currency = creditor.currency
        if self._export.layout == "fec":
            return FecLayout(currency)
        if self._export.layout == "csv":
            return CsvLayout(currency)
        return TEXT_LAYOUTS[self._export.layout](currency, creditor.name)

    async def _table(self, folder: Path, writer: JournalWriter, creditor: Creditor) -> None:
        """Write a workbook or a Parquet file to the disk, then store it; such a file is begun anew after a kill."""
        await self._store.forget_parts(self._export.id)
        self._done, target = ExportProgress(), folder / "file"
        if self._export.layout == "xlsx":
            book = Workbook(target, creditor.currency, self._export.last_on)
            async for lines in self._all_lines(writer):
                book.add(lines)
            await asyncio.to_thread(book.close)
        else:
            layout, source = CsvLayout(creditor.currency, for_people=False), folder / "lines.csv"
            with source.open("wb") as file:
                file.write(layout.head())
                async for lines in self._all_lines(writer):
                    file.write(layout.body(lines))
            await asyncio.to_thread(write_parquet, source, target, creditor.currency)
        with target.open("rb") as file:
            while content := file.read(PART_BYTES):
                self._unsaved.append(content)
                await self._save()

    async def _all_lines(self, writer: JournalWriter) -> AsyncIterator[list[ExportLine]]:
        async for lines in self._opening(writer):
            self._count(lines, entries=1)
            yield lines
        async for commands in self._commands():
            lines, number = await writer.lines(commands, self._done.entries)
            self._count(lines, entries=number, position=commands[-1][-1].position)
            yield lines
            await self._save()

    async def _opening(self, writer: JournalWriter) -> AsyncIterator[list[ExportLine]]:
        """Iterate over the lines of the opening entry of a year; an import file of a period has none."""
        if self._export.kind != "fec":
            return
        before: Counter[LedgerAccount] = Counter()
        until = self._export.first_on - timedelta(days=1)
        async for commands in self._source.commands(_TYPES, 0, date.min, until):
            before.update(balances(await writer.entries(commands)))
            self._check_parent()
        async for lines in writer.opening(before, self._export.first_on):
            yield lines

    def _commands(self) -> AsyncIterator[list[list[Recorded]]]:
        return self._source.commands(_TYPES, self._done.position, self._export.first_on, self._export.last_on)

    def _count(self, lines: Sequence[ExportLine], *, entries: int, position: int | None = None) -> None:
        self._done = replace(
            self._done,
            position=self._done.position if position is None else position,
            entries=entries,
            lines=self._done.lines + len(lines),
            debit_minor=self._done.debit_minor + sum(line.debit_minor for line in lines),
        )

    async def _save(self, *, full: bool = False) -> None:
        """Store what is written as a part, with the place reached; ``full``: if it is enough for one."""
        self._check_parent()
        if full and sum(map(len, self._unsaved)) < PART_BYTES:
            return
        content = None
        if self._unsaved:
            self._done = replace(self._done, parts=self._done.parts + 1)
            content = await asyncio.to_thread(zlib.compress, b"".join(self._unsaved), 1)
            self._unsaved.clear()
        if not await self._store.keep(self._export, self._done, content):
            raise ExportAbandoned

    def _check_parent(self) -> None:
        if os.getppid() != self._parent:
            raise ExportAbandoned

    async def _manifest(
        self, creditor: Creditor, writer: JournalWriter, warnings: tuple[str, ...]
    ) -> Manifest:
        export, done = self._export, self._done
        digest, size = hashlib.sha256(), 0
        async for content in self._store.content(export.id):
            digest.update(content)
            size += len(content)
        return Manifest(
            file_name=self._file_name(creditor),
            media_type=_MEDIA.get(export.layout, "text/plain; charset=windows-1252"),
            encoding=None
            if export.layout in _TABLES
            else "utf-8"
            if export.layout in ("fec", "csv")
            else ENCODING,
            size_bytes=size,
            sha256=digest.hexdigest(),
            entity_id=export.entity_id,
            first_on=export.first_on,
            last_on=export.last_on,
            first_position=1,
            last_position=export.position,
            currency=creditor.currency,
            entries=done.entries,
            lines=done.lines,
            debit_minor=done.debit_minor,
            accounts=writer.chart.numbers(),
            warnings=warnings,
        )

    def _file_name(self, creditor: Creditor) -> str:
        export = self._export
        if export.layout == "fec":
            return file_name(creditor.siren, export.last_on)
        ending = {"sage": "pnm", "cegid": "tra", "quadra": "txt"}.get(export.layout, export.layout)
        return f"journal-{export.layout}-{export.first_on}-{export.last_on}.{ending}"
