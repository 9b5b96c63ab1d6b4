"""Read a spooled file into verdicts and pending events, batch by batch; resumes after an interruption."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from invoice_svc.imports.csv_lines import Defaults, number_of
from invoice_svc.imports.formats.amounts import NumberStyle
from invoice_svc.imports.formats.records import Record, read_records
from invoice_svc.imports.formats.verdict import Fault, LineVerdict
from invoice_svc.imports.grouping import SEVERAL_LINES, LineGroups
from invoice_svc.imports.planning import (
    Draft,
    ParseLine,
    content_of_record,
    csv_parser,
    draft,
    drafted,
    ndjson_parser,
    plan,
    rejected,
)
from invoice_svc.imports.refusals import EmptyFile
from invoice_svc.imports.store import Format, Import, ImportStore, Options
from invoice_svc.imports.survey import FileFormat, FormatOptions, Survey, lines_of_number, survey
from invoice_svc.imports.values import POINT

BATCH_LINES = 500
LOOKED_AT_BYTES = 4 * 1024 * 1024
"""Size of the beginning of a file that is examined during the request; the worker examines all of it."""

Drafts = list[Draft | LineVerdict]


def _given_by(options: Options) -> FormatOptions:
    """Return the parts of a CSV file's format that the request gives."""
    return FormatOptions(
        column_map=options.column_map,
        delimiter=options.delimiter,
        decimal=options.decimal,
        encoding=options.encoding,
        group=options.group,
        currency=options.currency,
    )


def look_at(source: BinaryIO, file_format: Format, options: Options) -> FileFormat | None:
    """Return the format of a CSV file by its beginning.

    Raises a refusal when the file is empty, its header does not match the column map, or it can be read in several
    ways.
    """
    if file_format == "csv":
        return survey(source, _given_by(options), limit_bytes=LOOKED_AT_BYTES).format
    if next(read_records(source, form=None), None) is None:
        raise EmptyFile("The file has no lines.")
    return None


async def read_import(store: ImportStore, found: Import, path: Path) -> None:
    """Store a verdict for every line that has none. Idempotent; may be stopped at any moment.

    Raises a refusal for a file that can be read in several ways; none of its lines is imported.
    """
    with path.open("rb") as source:
        if found.format == "csv":
            surveyed = await asyncio.to_thread(survey, source, _given_by(found.options))
            await store.set_read_as(found.id, surveyed.format)
            await _read_csv(store, found, source, surveyed)
        else:
            await _read_ndjson(store, found, source)


async def _read_ndjson(store: ImportStore, found: Import, source: BinaryIO) -> None:
    options = found.options
    style = POINT if options.decimal is None else NumberStyle(options.decimal, grouped=True, given=True)
    parse = ndjson_parser(_defaults(options, style))
    records = read_records(source, offset=found.next_offset, line=found.next_line, form=None)
    await _keep(store, found, records, lambda batch: [draft(record, parse) for record in batch])


async def _read_csv(store: ImportStore, found: Import, source: BinaryIO, surveyed: Survey) -> None:
    grouped = found.options.group == "lines"
    defaults = _defaults(found.options, surveyed.format.style, signed=grouped)
    parse = csv_parser(surveyed.header, surveyed.format.delimiter, defaults)
    offset, line = surveyed.offset, surveyed.line
    if found.next_offset and not grouped:
        offset, line = found.next_offset, found.next_line
    records = read_records(source, offset=offset, line=line, form=surveyed.form)
    reader = _CsvReader(surveyed, parse, found.options.group)
    await _keep(store, found, records, reader.drafts)


class _CsvReader:
    """Turns records into drafts: a line each, or where lines of one invoice are grouped, an invoice each."""

    def __init__(self, surveyed: Survey, parse: ParseLine, group: str | None) -> None:
        self._surveyed = surveyed
        self._parse = parse
        self._group = group
        self._groups = LineGroups(surveyed.several)

    def drafts(self, batch: list[Record]) -> Drafts:
        """Return the drafts that are complete with these records."""
        return [item for record in batch for item in self._drafts_of(record)]

    def _drafts_of(self, record: Record) -> Drafts:
        number = None
        if isinstance(record.text, str) and self._surveyed.several and self._group != "none":
            number = number_of(record.text, self._surveyed.header, self._surveyed.format.delimiter)
        if number is None or lines_of_number(self._surveyed.several, number) == 1:
            return [draft(record, self._parse)]
        if self._group is None:
            return [
                rejected(record.line, Fault("invoice-on-several-lines", SEVERAL_LINES.format(number=number)))
            ]
        done = self._groups.take(number, record.line, content_of_record(record, self._parse))
        if done is None:
            return []
        if isinstance(done.content, Fault):
            return [rejected(line, done.content) for line in done.lines]
        return [drafted(done.lines, done.content)]


async def _keep(
    store: ImportStore, found: Import, records: Iterator[Record], read: Callable[[list[Record]], Drafts]
) -> None:
    while batch := await asyncio.to_thread(_take, records):
        drafts, last = read(batch), batch[-1]
        if last.end_offset <= found.next_offset:
            continue  # its verdicts are stored; only lines of invoices that go on after it were of interest
        keys = [event.key for item in drafts for event in getattr(item, "events", ())]
        planned = plan(drafts, await store.known(found.ledger, found.entity_id, keys))
        await store.keep_batch(
            found, planned.verdicts, planned.events, next_offset=last.end_offset, next_line=last.next_line
        )


def _take(records: Iterator[Record]) -> list[Record]:
    return list(islice(records, BATCH_LINES))


def _defaults(options: Options, style: NumberStyle, *, signed: bool = False) -> Defaults:
    """Return the values of lines that give none."""
    return Defaults(
        currency=options.currency,
        country=options.country,
        date_format=options.date_format,
        style=style,
        signed=signed,
    )
