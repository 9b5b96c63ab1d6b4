"""Split a stream of bytes into records, one at a time, whatever it contains.

A damaged line costs itself and no other: lines are one record only where that record is sound, a line beyond the
limit is skipped to its end, and each record knows the byte after it, so that reading can go on from there after a
stop.
"""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO, Protocol

from invoice_svc.imports.formats.verdict import Fault

MAX_LINE_BYTES = 64 * 1024
MAX_RECORD_LINES = 50
"""A quoted field may contain line breaks; beyond this many lines the opening quote is treated as the error."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as text, or the fault that prevents reading it."""

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


class _Source(Protocol):
    """Lines of bytes, with the offset of the next."""

    def readline(self, limit: int, /) -> bytes: ...
    def tell(self) -> int: ...


class _CarriageReturns:
    """A file whose lines end in CR alone, as programs on the Macintosh saved them."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._buffer = b""
        self._offset = source.tell()

    def readline(self, limit: int, /) -> bytes:
        """Return the next line with its CR, at most ``limit`` bytes of it."""
        while b"\r" not in self._buffer and len(self._buffer) < limit:
            piece = self._source.read(MAX_LINE_BYTES)
            if not piece:
                break
            self._buffer += piece
        end = self._buffer.find(b"\r", 0, limit) + 1 or min(limit, len(self._buffer))
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        self._offset += end
        return line

    def tell(self) -> int:
        """Return the offset of the next line."""
        return self._offset


class _Lines:
    """Physical lines of a file, with push-back."""

    def __init__(self, source: BinaryIO, line: int, line_end: bytes) -> None:
        self._source: _Source = _CarriageReturns(source) if line_end == b"\r" else source
        self._line_end = line_end
        self._line = line
        self._pushed_back: deque[_Physical] = deque()

    def take(self) -> _Physical | None:
        """Return the next line, or None at the end."""
        return self._pushed_back.popleft() if self._pushed_back else self._read()

    def push_back(self, lines: Sequence[_Physical]) -> None:
        """Return lines to the source, in their order."""
        self._pushed_back.extendleft(reversed(lines))

    def _read(self) -> _Physical | None:
        raw = self._source.readline(MAX_LINE_BYTES + 1)
        if not raw:
            return None
        too_long = len(raw) > MAX_LINE_BYTES and not raw.endswith(self._line_end)
        rest = raw
        while too_long and rest and not rest.endswith(self._line_end):
            rest = self._source.readline(MAX_LINE_BYTES)
        if self._line == 1:
            raw = raw.removeprefix(BOM_UTF8)
        found = _Physical(self._line, self._source.tell(), raw, too_long)
        self._line += 1
        return found


@dataclass(frozen=True, slots=True)
class Csv:
    """Format of a CSV file: the delimiter, the number of columns once it is known, Python's name of the encoding."""

    delimiter: str
    columns: int | None = None
    encoding: str = "utf-8"
    line_end: bytes = b"\n"

    @property
    def blank(self) -> bytes:
        """Bytes of which an empty line consists."""
        return f" \t\r\n{self.delimiter}".encode()

    def continues(self, raw: bytes, *, inside: bool) -> bool:
        """Return True if a line that begins inside or outside of a quoted field ends inside one."""
        before = self.delimiter.encode() + b'"' * inside
        return _open_field(self.delimiter).fullmatch(before + raw) is not None

    def accepts(self, text: str | Fault) -> bool:
        """Return True if the joined lines are a well-formed record."""
        if isinstance(text, Fault):
            return False
        try:
            fields = split_fields(text, self.delimiter)
        except Fault:
            return False
        return self.columns is None or fitted(fields, self.columns) is not None


@cache
def _open_field(delimiter: str) -> re.Pattern[bytes]:
    """Fields, each with its delimiter before it, of which the last is quoted and has no end. Quotes that do not begin
    a field are text."""
    d = re.escape(delimiter.encode())
    content = rb'(?:[^"]++|"")*+'
    return re.compile(rb'(?:%b(?:"%b"|(?!"))[^%b]*+)*+%b"%b' % (d, content, d, d, content))


def _text(parts: Sequence[_Physical], encoding: str) -> str | Fault:
    raw = b"".join(part.raw for part in parts)
    if b"\0" in raw:
        return Fault("nul-byte", "The line contains a NUL byte; export the file again as plain UTF-8 text.")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        return Fault(
            "bad-encoding",
            f"Byte {error.start + 1} of the line is not {encoding.upper()}; save the file as UTF-8.",
        )
    return text.rstrip("\r\n")


def read_records(source: BinaryIO, *, offset: int = 0, line: int = 1, form: Csv | None) -> Iterator[Record]:
    """Yield the records from a byte offset on; blank lines are skipped.

    A CSV record may span lines inside double quotes; one of empty fields alone is blank. Without a ``form`` (NDJSON)
    each line is a record, in UTF-8.
    """
    source.seek(offset)
    lines = _Lines(source, line, b"\n" if form is None else form.line_end)
    blank = None if form is None else form.blank
    encoding = "utf-8" if form is None else form.encoding
    while (first := lines.take()) is not None:
        if first.too_long:
            yield _record([first], Fault("line-too-long", f"A line may have at most {MAX_LINE_BYTES} bytes."))
        elif form is not None and form.continues(first.raw, inside=False):
            yield _spanning(first, lines, form)
        elif first.raw.strip(blank):
            yield _record([first], _text([first], encoding))


def _spanning(first: _Physical, lines: _Lines, form: Csv) -> Record:
    """Return the record of a line that ends inside a quoted field; the line alone if no well-formed record results."""
    parts, inside = [first], True
    while inside and len(parts) < MAX_RECORD_LINES and (following := lines.take()) is not None:
        parts.append(following)
        if following.too_long:
            break
        inside = form.continues(following.raw, inside=True)
    text = _text(parts, form.encoding)
    if not inside and form.accepts(text):
        return _record(parts, text)
    lines.push_back(parts[1:])
    detail = 'A quoted field has no closing quote. Write a quote inside a field as "".'
    return _record([first], Fault("unclosed-quote", detail))


def _record(parts: Sequence[_Physical], text: str | Fault) -> Record:
    first, last = parts[0], parts[-1]
    return Record(first.line, last.end_offset, last.line + 1, text)


def fitted(fields: list[str], width: int) -> list[str] | None:
    """Return the fields of a record of that many columns; empty ones after them are left out. None if it has others."""
    if len(fields) < width or any(field.strip() for field in fields[width:]):
        return None
    return fields[:width]


def split_fields(text: str, delimiter: str) -> list[str]:
    """Return the fields of a CSV record (RFC 4180). Raises :class:`Fault` for quotes in the wrong place."""
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Fault(
            "malformed-line", f"The line is not valid CSV ({error}); double each quote inside a field."
        ) from None
    return rows[0] if rows else []
