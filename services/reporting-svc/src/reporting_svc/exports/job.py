"""The process of one export: ``python -m reporting_svc export ID``, started by the worker.

It reads the ledger itself, some thousands of events at a time, and stores what it has written with the position that it
has reached, in one transaction: after a kill the next process goes on from there, and the file is the same, byte for
byte. A workbook or a Parquet file is made from stored rows. A report is read anew, in one snapshot, until all of its
rows are stored, because their sum has to tie out.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import zlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.vat_due import VAT_ON_RECEIPTS
from encours.kernel.exchange import RateHistory
from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.ledger.errors import LedgerUnavailable
from encours.projection.schemas import schema_of
from encours.reading.rates import rate_histories
from encours.reading.read_db import ReadDb, ReadModelNotReady
from encours.service.long_work_process import LongWorkProcess, LongWorkRun
from reporting_svc.domain.journal.booking import BOOKED, Booking
from reporting_svc.domain.journal.chart import Chart, LedgerAccount, default_chart
from reporting_svc.exports.layouts.fec import FecLayout, file_name
from reporting_svc.exports.layouts.journal import JOURNAL_COLUMNS, JournalCsv
from reporting_svc.exports.layouts.software import TEXT_LAYOUTS
from reporting_svc.exports.layouts.tables import (
    MEDIA,
    CsvTable,
    TableColumn,
    require_sheet,
    write_parquet,
    write_workbook,
)
from reporting_svc.exports.layouts.text import ENCODING
from reporting_svc.exports.line import ExportLine, TextLayout
from reporting_svc.exports.reports import ExportedReport
from reporting_svc.exports.store import NOT_BEGUN, REPORTS, Export, ExportStore, Manifest
from reporting_svc.exports.valuation import Valuation
from reporting_svc.exports.writing import JournalWriter, balances
from reporting_svc.models import MODELS, NAME
from reporting_svc.read_models.journal.letters import Letters
from reporting_svc.read_models.journal.source import Creditor, JournalSource
from reporting_svc.read_models.parked import parked_streams
from reporting_svc.read_models.receivables import Receivables

T = TypeVar("T")
PART_BYTES = 4 * 2**20
WAIT_S = 600.0
"""Longest wait for the receivables to reach the position of the export."""
_TABLES = ("xlsx", "parquet")
_MEDIA = {"fec": "text/plain; charset=utf-8", **MEDIA}


async def _ahead(source: AsyncGenerator[T, None]) -> AsyncIterator[T]:
    """Iterate over a source that asks the database for the next element while the last one is worked on."""
    following = asyncio.ensure_future(anext(source, None))
    try:
        while (found := await following) is not None:
            following = asyncio.ensure_future(anext(source, None))
            await asyncio.sleep(0)  # it begins, and asks its question
            yield found
    finally:
        await end([following])
        await source.aclose()


def _parts_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while content := file.read(PART_BYTES):
            yield content


def _append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


class ExportRun(LongWorkRun[ExportStore, Export]):
    """One run of an export, from the position that an earlier run has reached to the manifest."""

    def __init__(self, ledger: Ledger, db: ReadDb, store: ExportStore, work: Export) -> None:
        super().__init__(ledger, db, store, work)
        self._done = work.done
        self._source = JournalSource(ledger, work.ledger, work.entity_id, work.position)
        self._unsaved: list[bytes] = []

    async def run(self) -> None:
        """Write the file and its manifest. Raises :class:`Abandoned`, and errors that say why none is there."""
        async with self._store.connection() as self._conn:
            await self._run(self._work)

    async def _run(self, export: Export) -> None:
        if not await self._db.wait_for(Receivables.name, export.ledger, export.position, timeout=WAIT_S):
            raise LookupError(f"The receivables have not reached position {export.position}.")
        creditor = await self._source.creditor()
        chart = default_chart().with_numbers(export.accounts)
        columns: Sequence[TableColumn] = JOURNAL_COLUMNS
        if export.kind in REPORTS:
            report = ExportedReport(self._db, export, await self._source.auxiliaries())
            columns = report.columns()
            await self._report(report)
        else:
            await self._journal(await self._writer(chart, creditor), self._layout(creditor))
        if self._is_table:
            await self._table(columns)
        self._go_on(await self._store.complete(export, await self._manifest(creditor, chart)))

    async def _writer(self, chart: Chart, creditor: Creditor) -> JournalWriter:
        export, currency = self._work, creditor.currency
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
        zone = ZoneInfo((await self._ledger.info(export.ledger)).time_zone)
        booking = Booking(chart, currency)
        auxiliaries = await self._source.auxiliaries()
        has_foreign = any(each != currency for each in currencies)
        return JournalWriter(
            chart,
            currency,
            zone,
            self._source,
            auxiliaries,
            letters,
            valuation,
            booking,
            has_foreign,
            vat_on_receipts=creditor.country == VAT_ON_RECEIPTS
            and await letters.has_receipt_vat(export.entity_id),
        )

    async def _warnings(self, creditor: Creditor) -> tuple[str, ...]:
        found = []
        if self._work.kind == "fec" and creditor.siren is None:
            found.append("The entity has no SIREN: the file name has zeros in its place.")
        if self._work.kind not in REPORTS and not self._done.entries:
            found.append("The period has no entries: the file is empty but for its head.")
        if await parked_streams(self._conn, Receivables.name, self._work.ledger):
            found.append("Events of some streams could not be applied: their items are not lettered.")
        return tuple(found)

    @property
    def _is_table(self) -> bool:
        return self._work.layout in _TABLES

    async def _journal(self, writer: JournalWriter, layout: TextLayout) -> None:
        """Write entries, part by part."""
        if not (self._done.position and self._parts):
            await self._begin(layout.head())
            async for lines in self._opening(writer):
                self._unsaved.append(layout.body(lines))
                self._count(lines, entries=1)
                await self._save(full=True)
        async for found in _ahead(writer.booked(self._commands())):
            lines, number = writer.lines(found, self._done.entries)
            self._unsaved.append(layout.body(lines))
            self._count(lines, entries=number, position=found.position)
            await self._save(full=True)
        await self._finish()

    async def _report(self, report: ExportedReport) -> None:
        """Write all rows of a report, part by part, unless an earlier run has stored them."""
        if self._done.position and self._parts:
            return
        table = CsvTable(report.columns(), for_people=not self._is_table)
        await self._begin(table.head())
        async for rows in report.rows():
            self._unsaved.append(table.body(rows))
            self._add(len(rows))
            await self._save(full=True)
        await self._finish()

    @property
    def _parts(self) -> int:
        return self._done.table_parts if self._is_table else self._done.parts

    async def _begin(self, head: bytes) -> None:
        self._done = NOT_BEGUN
        self._go_on(await self._store.go_back(self._work, self._done))
        self._unsaved.append(head)

    async def _finish(self) -> None:
        self._done = replace(self._done, position=self._work.position)
        await self._save()

    def _layout(self, creditor: Creditor) -> TextLayout:
        currency, layout = creditor.currency, self._work.layout
        if layout == "fec":
            return FecLayout(currency)
        if layout == "csv" or self._is_table:
            return JournalCsv(currency, for_people=not self._is_table)
        return TEXT_LAYOUTS[layout](currency, creditor.name)

    async def _table(self, columns: Sequence[TableColumn]) -> None:
        """Write the table of the stored rows to the disk, then store it; after a kill it is written anew."""
        self._done = replace(self._done, parts=0)
        self._go_on(await self._store.go_back(self._work, self._done))
        with tempfile.TemporaryDirectory(prefix="encours-export-") as folder:
            source, target = Path(folder, "rows.csv"), Path(folder, "file")
            async for content in self._store.rows(self._work.id):
                await asyncio.to_thread(_append, source, content)
            if self._work.layout == "xlsx":
                await asyncio.to_thread(write_workbook, source, target, columns, self._work.last_on)
            else:
                await asyncio.to_thread(write_parquet, source, target, columns)
            for content in _parts_of(target):
                self._done = replace(self._done, parts=self._done.parts + 1)
                await self._keep(content, of_table=False)

    async def _opening(self, writer: JournalWriter) -> AsyncIterator[list[ExportLine]]:
        """Iterate over the lines of the opening entry of a year; an import file of a period has none."""
        if self._work.kind != "fec":
            return
        before: Counter[LedgerAccount] = Counter()
        until = self._work.first_on - timedelta(days=1)
        async for commands in self._source.commands(BOOKED, 0, date.min, until):
            before.update(balances(await writer.entries(commands)))
            self._go_on()
        async for lines in writer.opening(before, self._work.first_on):
            yield lines

    def _commands(self) -> AsyncIterator[list[list[Recorded]]]:
        return self._source.commands(BOOKED, self._done.position, self._work.first_on, self._work.last_on)

    def _count(self, lines: Sequence[ExportLine], *, entries: int, position: int | None = None) -> None:
        self._add(len(lines))
        self._done = replace(
            self._done,
            position=self._done.position if position is None else position,
            entries=entries,
            debit_minor=self._done.debit_minor + sum(line.debit_minor for line in lines),
        )

    def _add(self, lines: int) -> None:
        self._done = replace(self._done, lines=self._done.lines + lines)
        if self._work.layout == "xlsx":
            require_sheet(self._done.lines)

    async def _save(self, *, full: bool = False) -> None:
        """Store the unsaved content as a part, with the progress; ``full``: only if it fills a part."""
        self._go_on()
        if full and sum(map(len, self._unsaved)) < PART_BYTES:
            return
        content = None
        if self._unsaved:
            counted = "table_parts" if self._is_table else "parts"
            self._done = replace(self._done, **{counted: self._parts + 1})
            content = b"".join(self._unsaved)
            self._unsaved.clear()
        await self._keep(content, of_table=self._is_table)

    async def _keep(self, content: bytes | None, *, of_table: bool) -> None:
        packed = None if content is None else await asyncio.to_thread(zlib.compress, content, 1)
        self._go_on(await self._store.keep(self._work, self._done, packed, of_table=of_table))

    async def _manifest(self, creditor: Creditor, chart: Chart) -> Manifest:
        export, done = self._work, self._done
        digest, size = hashlib.sha256(), 0
        async for content in self._store.content(export.id):
            digest.update(content)
            size += len(content)
        return Manifest(
            file_name=self._file_name(creditor),
            media_type=_MEDIA.get(export.layout, "text/plain; charset=windows-1252"),
            encoding=self._encoding(),
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
            debit_minor=None if export.kind in REPORTS else done.debit_minor,
            accounts={} if export.kind in REPORTS else chart.numbers(),
            warnings=await self._warnings(creditor),
        )

    def _encoding(self) -> str | None:
        if self._work.layout in _TABLES:
            return None
        return "utf-8" if self._work.layout in ("fec", "csv") else ENCODING

    def _file_name(self, creditor: Creditor) -> str:
        export = self._work
        if export.layout == "fec":
            return file_name(creditor.siren, export.last_on)
        if export.kind in REPORTS:
            grouped = export.report.group_by if export.report else None
            by = "" if grouped is None else f"-by-{grouped.replace(':', '-')}"
            return f"{export.kind.replace('_', '-')}{by}-{export.last_on}.{export.layout}"
        ending = {"sage": "pnm", "cegid": "tra", "quadra": "txt"}.get(export.layout, export.layout)
        return f"journal-{export.layout}-{export.first_on}-{export.last_on}.{ending}"


def _problem(failed: Exception) -> str:
    return str(failed) or type(failed).__name__


PROCESS = LongWorkProcess(
    service=NAME,
    job="export",
    models=MODELS,
    store=ExportStore,
    run=ExportRun,
    readers=1,
    connections=2,
    command_timeout_s=600.0,
    transient=(LedgerUnavailable, ReadModelNotReady),
    problem=_problem,
)
