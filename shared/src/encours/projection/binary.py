"""Rows in PostgreSQL's binary COPY format, for tables that are filled in bulk.

A row is the number of its columns and then, for each column, the length of its value and the value; the length −1
stands for null. The driver encodes records value by value, which takes more than twice as long. Values are written as
the driver writes them, so that a rebuild and the live path fill a column in the same way.
"""

from __future__ import annotations

import struct
from binascii import unhexlify
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby, islice
from typing import Any

import asyncpg

from encours.projection.rows import Column, Row, table_of
from encours.projection.schemas import unquoted

Encode = Callable[[Any], bytes]

CHUNK_ROWS = 500
"""Rows that are handed to the connection at once."""
_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_LENGTH = struct.Struct("!i").pack
_NULL = _LENGTH(-1)
_ID_HEAD = _LENGTH(16)
_KEPT = 1_024
"""Most values of a column whose encoded form is kept: currencies, kinds and days come again and again."""
_KEPT_BYTES = 64
_FEW = "ent"
"""Prefix of ids of which a ledger has so few that their encoded form is kept too."""
_DAY_0 = date(2000, 1, 1).toordinal()
_INSTANT_0 = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TEXT_OID = 25
# The first and the last day and instant that Python knows are PostgreSQL's infinities, as in the driver.
_DAYS = {date.min.toordinal() - _DAY_0: -(1 << 31), date.max.toordinal() - _DAY_0: (1 << 31) - 1}
_INSTANTS = {-63_082_281_600_000_000: -(1 << 63), 252_455_615_999_999_999: (1 << 63) - 1}


async def copy_rows(
    conn: asyncpg.Connection,
    schema: str | None,
    table: str,
    rows: Iterable[Row],
    sent: Callable[[bytes], None] | None = None,
) -> None:
    """Copy rows of one type into a table with their columns; nothing happens if there are none. ``sent`` gets the
    encoded rows.

    Raises ``ValueError`` for a value that its column cannot hold, or what the database raises for a row.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is not None:
        encode = row_encoder(type(first))
        chunks = _chunks(encode, first, rows)
        if sent is not None:
            chunks = _passed_on(chunks, sent)
        await copy_encoded(conn, schema, table, type(first), chunks)


async def copy_encoded(
    conn: asyncpg.Connection, schema: str | None, table: str, row_type: type[Row], chunks: Iterable[bytes]
) -> None:
    """Copy rows that are encoded already. Raises what the database raises for a row."""

    async def source() -> AsyncIterator[bytes]:
        yield _HEADER
        for chunk in chunks:
            yield chunk
        yield _TRAILER

    await conn.copy_to_table(
        table,
        schema_name=None if schema is None else unquoted(schema),
        columns=table_of(row_type).names,
        source=source(),
        format="binary",
    )


def _chunks(encode: Encode, first: Row, rows: Iterable[Row]) -> Iterable[bytes]:
    try:
        yield encode(first)
        rows = iter(rows)
        while chunk := b"".join(map(encode, islice(rows, CHUNK_ROWS))):
            yield chunk
    except (struct.error, TypeError, AttributeError) as error:
        raise ValueError(f"{type(first).__qualname__}: {error}") from error


def _passed_on(chunks: Iterable[bytes], sent: Callable[[bytes], None]) -> Iterable[bytes]:
    for chunk in chunks:
        sent(chunk)
        yield chunk


@cache
def row_encoder(row_type: type[Row], *passed: str) -> Callable[..., bytes]:
    """Return the function that encodes a row. It takes the values of the ``passed`` columns, which are numbers, and an
    object that has the others as attributes: the row, or what a row is made from.

    It raises ``struct.error``, ``ValueError``, ``TypeError`` or ``AttributeError`` for a value that its column cannot
    hold. Its source is put together from the columns, whose names and prefixes are plain: calling one function for
    each column takes twice as long.
    """
    columns = table_of(row_type).columns
    known: dict[str, Any] = {"join": b"".join, "unhexlify": unhexlify, "null": _NULL, "id_head": _ID_HEAD}
    known["number_head"] = _LENGTH(8)
    parts = [repr(struct.pack("!h", len(columns)))]
    for numeric, group in groupby(columns, lambda c: c.sql_type == "bigint" and not c.nullable):
        together = list(group)
        if numeric:
            pack = f"pack_{together[0].name}"
            known[pack] = struct.Struct("!" + "4sq" * len(together)).pack
            values = (name if (name := column.name) in passed else f"row.{name}" for column in together)
            parts.append(f"{pack}({', '.join(f'number_head, {value}' for value in values)})")
            continue
        for column in together:
            sources, known[f"value_{column.name}"] = _value_encoder(column)
            parts += sources
    arguments, source = ", ".join((*passed, "row")), f"join(({', '.join(parts)},))"
    encode: Callable[..., bytes] = eval(f"lambda {arguments}: {source}", known)  # noqa: S307 (no text from outside)
    return encode


def _value_encoder(column: Column) -> tuple[tuple[str, ...], Encode | _Encoded]:
    """Sources of a column's encoded value, one after the other, and what they know as ``value_<column>``."""
    value, known = f"row.{column.name}", f"value_{column.name}"
    if column.id is not None:
        start = f"{column.id.prefix}_"
        if column.id.prefix == _FEW:
            return (f"{known}[{value}]",), _Encoded(_some_id(start))
        if not column.nullable:
            return ("id_head", _digits(start, f"(v := {value})", known)), _other_id(start)
        rest = f"b'' if v is None else {_digits(start, 'v', known)}"
        return (f"(null if (v := {value}) is None else id_head)", f"({rest})"), _other_id(start)
    encode = _ENCODERS[column.sql_type]
    if column.sql_type == "text[]":
        return (f"{known}({value})",), encode
    if column.nullable:
        return (f"{known}[{value}]",), _Encoded(lambda found: _NULL if found is None else encode(found))
    return (f"{known}[{value}]",), _Encoded(encode)


def _digits(start: str, text: str, known: str) -> str:
    """Source of the bytes of an identifier. Its length and what is left of it tell that its beginning was removed."""
    usual = f"len({text}) == {len(start) + 32} and len(digits := v.removeprefix({start!r})) == 32"
    return f"(unhexlify(digits) if {usual} else {known}(v))"


class _Encoded(dict[Any, bytes]):
    """The first values of a column and their encoded form: a look-up costs a quarter of encoding one again."""

    def __init__(self, encode: Encode) -> None:
        super().__init__()
        self._encode = encode

    def __missing__(self, value: Any) -> bytes:
        encoded = self._encode(value)
        if len(self) < _KEPT and len(encoded) <= _KEPT_BYTES:
            self[value] = encoded
        return encoded


def _some_id(start: str) -> Encode:
    other = _other_id(start)

    def encode(text: str | None) -> bytes:
        if text is None:
            return _NULL
        usual = len(text) == len(start) + 32 and text.startswith(start)
        return _ID_HEAD + (unhexlify(text[len(start) :]) if usual else other(text))

    return encode


def _other_id(start: str) -> Encode:
    def encode(text: str) -> bytes:
        if text == "":
            return bytes(16)
        raise ValueError(f"{text!r} is not an identifier of the kind {start}")

    return encode


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _LENGTH(len(encoded)) + encoded


def _texts(values: Sequence[str]) -> bytes:
    elements = b"".join(map(_text, values))
    dimensions = struct.pack("!ii", len(values), 1) if values else b""
    head = struct.pack("!iii", 1 if values else 0, 0, _TEXT_OID)
    return _LENGTH(len(head) + len(dimensions) + len(elements)) + head + dimensions + elements


def _date(value: date) -> bytes:
    day = value.toordinal() - _DAY_0
    return struct.pack("!ii", 4, _DAYS.get(day, day))


def _datetime(value: datetime) -> bytes:
    instant = (value.astimezone(UTC) - _INSTANT_0) // _MICROSECOND
    return struct.pack("!iq", 8, _INSTANTS.get(instant, instant))


def _bigint(value: int) -> bytes:
    return struct.pack("!iq", 8, value)


def _boolean(value: bool) -> bytes:
    return struct.pack("!i?", 1, value)


_ENCODERS: dict[str, Encode] = {
    "text": _text,
    "text[]": _texts,
    "bigint": _bigint,
    "date": _date,
    "timestamptz": _datetime,
    "boolean": _boolean,
}
