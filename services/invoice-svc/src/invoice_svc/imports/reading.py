"""Read a spooled file into verdicts and pending events, batch by batch; resumes after an interruption."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from invoice_svc.imports.csv_lines import CsvHeader, Defaults, read_header
from invoice_svc.imports.planning import draft, line_parser, plan
from invoice_svc.imports.records import Csv, Record, read_records
from invoice_svc.imports.refusals import EmptyFile, InvalidHeader
from invoice_svc.imports.store import Format, Import, ImportStore, Options
from invoice_svc.imports.verdict import Fault

BATCH_LINES = 500


def defaults_of(options: Options) -> Defaults:
    """Return the values of lines that give none."""
    return Defaults(currency=options.currency, country=options.country, date_format=options.date_format)


def header_of(source: BinaryIO, file_format: Format, options: Options) -> tuple[CsvHeader | None, int, int]:
    """Return the header (CSV only), and offset and number of the line after it.

    Raises a refusal when the file is empty, or its header does not match the column map.
    """
    form = Csv(options.delimiter) if file_format == "csv" else None
    first = next(read_records(source, form=form), None)
    if first is None:
        raise EmptyFile("The file has no lines.")
    if file_format == "ndjson":
        return None, 0, 1
    if isinstance(first.text, Fault):
        raise InvalidHeader(f"The header line cannot be read. {first.text.detail}")
    header = read_header(first.text, options.column_map, options.delimiter)
    return header, first.end_offset, first.next_line


async def read_import(store: ImportStore, found: Import, path: Path) -> None:
    """Store a verdict for every line that has none. Idempotent; may be stopped at any moment."""
    with path.open("rb") as source:
        header, offset, line = header_of(source, found.format, found.options)
        parse = line_parser(header, found.options.delimiter, defaults_of(found.options))
        if found.next_offset:
            offset, line = found.next_offset, found.next_line
        form = Csv(found.options.delimiter, len(header.columns)) if header is not None else None
        records = read_records(source, offset=offset, line=line, form=form)
        while batch := await asyncio.to_thread(_take, records):
            drafts = [draft(record, parse) for record in batch]
            keys = [event.key for item in drafts for event in getattr(item, "events", ())]
            planned = plan(drafts, await store.known(found.ledger, found.entity_id, keys))
            last = batch[-1]
            await store.keep_batch(
                found, planned.verdicts, planned.events, next_offset=last.end_offset, next_line=last.next_line
            )


def _take(records: Iterator[Record]) -> list[Record]:
    return list(islice(records, BATCH_LINES))
