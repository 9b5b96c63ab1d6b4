"""A stream of bytes into records, one at a time, whatever is in it.

A damaged record costs itself and no other: an unclosed quote ends at its own line, a line beyond the limit is
skipped to its end, and each record knows the byte after it, so that reading can go on from there after a stop.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from invoice_svc.imports.verdict import Fault

MAX_LINE_BYTES = 64 * 1024
MAX_RECORD_LINES = 50
"""A quoted field may hold line breaks; beyond this many the opening quote is taken for the fault."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as text, or the fault that keeps it from being one."""

    line: int
    end_offset: int
    next_line: int
    text: str | Fault


@dataclass(frozen=True, slots=True)
class _Physical:
    line: int
    end_offset: int
    raw: bytes
    too_long: bool


def _physical_lines(source: BinaryIO, line: int) -> Iterator[_Physical]:
    while raw := source.readline(MAX_LINE_BYTES + 1):
        too_long = len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n")
        rest = raw
        while too_long and rest and not rest.endswith(b"\n"):
            rest = source.readline(MAX_LINE_BYTES)
        yield _Physical(line, source.tell(), raw, too_long)
        line += 1


def _text(raw: bytes, first: bool) -> str | Fault:
    if b"\0" in raw:
        return Fault("nul-byte", "The line holds a NUL byte; export the file again as plain UTF-8 text.")
    try:
        text = raw.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError as error:
        return Fault(
            "bad-encoding", f"Byte {error.start + 1} of the line is not UTF-8; save the file as UTF-8."
        )
    return text.rstrip("\r\n")


def read_records(source: BinaryIO, *, offset: int = 0, line: int = 1, quoted: bool) -> Iterator[Record]:
    """The records from a byte offset on; blank lines are passed over.

    ``quoted``: a record may span lines inside double quotes (CSV). Reads one record ahead of none.
    """
    source.seek(offset)
    physical = _physical_lines(source, line)
    held: list[_Physical] = []
    while True:
        first = held.pop(0) if held else next(physical, None)
        if first is None:
            return
        if first.too_long:
            fault = Fault("line-too-long", f"A line may have {MAX_LINE_BYTES} bytes; this one has more.")
            yield Record(first.line, first.end_offset, first.line + 1, fault)
            continue
        if not first.raw.strip():
            continue
        parts, open_quote = [first], quoted and first.raw.count(b'"') % 2 == 1
        while open_quote and len(parts) < MAX_RECORD_LINES:
            following = held.pop(0) if held else next(physical, None)
            if following is None:
                break
            parts.append(following)
            if following.too_long:
                break
            open_quote = following.raw.count(b'"') % 2 == 0
        if open_quote:
            held = parts[1:] + held
            fault = Fault(
                "unclosed-quote",
                'A double quote is opened and never closed; write a quote inside a field as "".',
            )
            yield Record(first.line, first.end_offset, first.line + 1, fault)
            continue
        last = parts[-1]
        raw = b"".join(part.raw for part in parts)
        yield Record(first.line, last.end_offset, last.line + 1, _text(raw, first.line == 1))


def split_fields(text: str, delimiter: str) -> list[str]:
    """The fields of a CSV record (RFC 4180). Raises :class:`Fault` for quotes in the wrong place."""
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Fault(
            "malformed-line", f"The quoting is not that of CSV ({error}); double a quote inside a field."
        ) from None
    return rows[0] if rows else []
