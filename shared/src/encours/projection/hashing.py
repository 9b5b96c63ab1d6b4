"""Content hash of a read model: equal at the same position on any machine.

A table's hash is the SHA-256 of its rows as COPY sends them in PostgreSQL's binary format, in the order of their key.
So it covers the bytes of every value, and a rebuild hashes the rows that it copies without reading them again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from encours.projection.read_model import Conn, ReadModel
from encours.projection.rows import Key, Row, table_of
from encours.projection.schemas import unquoted

if TYPE_CHECKING:
    from hashlib import _Hash

FORMAT = 2
"""Raise it with every change of how a hash is computed, so that none that was kept is compared with a new one."""
_HEADER_BYTES = 19
_TRAILER_BYTES = 2


class Hashed(NamedTuple):
    """Hash of a table's rows up to a position."""

    upto: int
    rows: _Hash


class WrittenHash:
    """Hash of a table's rows as they are written, if they are written in the order of their key, by position first."""

    def __init__(self, row_type: type[Row]) -> None:
        self._key_of = table_of(row_type).key_of
        self._last: Key = ()
        self.rows: _Hash | None = hashlib.sha256() if row_type.KEY[0] == "position" else None

    def follow(self, rows: list[Row]) -> Callable[[bytes], None] | None:
        """Return the function that takes the encoded rows, which come next; None if no hash can be made of them."""
        if self.rows is None or not rows:
            return None
        rows.sort(key=self._key_of)
        if self._key_of(rows[0]) <= self._last:
            self.rows = None
            return None
        self._last = self._key_of(rows[-1])
        return self.rows.update


async def table_hash(conn: Conn, schema: str, row_type: type[Row], known: Hashed | None = None) -> str:
    """Return the hash of a table's rows. If some are ``known`` already, only those of later positions are read."""
    table = table_of(row_type)
    rows = hashlib.sha256() if known is None else known.rows.copy()
    head, tail = _HEADER_BYTES, b""

    async def take(data: bytes) -> None:
        nonlocal head, tail
        part = memoryview(tail + data)
        start, end = min(head, len(part)), max(0, len(part) - _TRAILER_BYTES)
        if start < end:
            rows.update(part[start:end])
        head, tail = head - min(start, end), bytes(part[end:])

    later = "" if known is None else f" where position > {known.upto}"
    await conn.copy_from_query(
        f"select {table.plain} from {schema}.{table.name}{later} order by {', '.join(table.key)}",
        output=take,
        format="binary",
    )
    return rows.hexdigest()


async def content_hash(
    conn: Conn, schema: str, model: ReadModel, known: Mapping[type[Row], Hashed] | None = None
) -> str:
    """Return the hash of all rows of a model's schema, in the snapshot of the connection's transaction."""
    total = hashlib.sha256()
    for row_type in sorted(model.rows, key=lambda r: r.TABLE):
        found = await table_hash(conn, schema, row_type, (known or {}).get(row_type))
        total.update(f"{row_type.TABLE} {found}\n".encode())
    return total.hexdigest()


async def table_version(conn: Conn, schema: str) -> str:
    """Return a text that changes with any write to the schema's tables, by any role: the key of a cached hash.

    It is made of PostgreSQL's write counters, which may lag by a second; then a hash is computed once more.
    """
    value = await conn.fetchval(
        """select $2::int || ':' || n.oid || ':' || coalesce(sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)
           from pg_namespace n left join pg_stat_all_tables s on s.schemaname = n.nspname
           where n.nspname = $1 group by n.oid""",
        unquoted(schema),
        FORMAT,
    )
    return str(value)


async def differing_rows(
    conn: Conn, old: str, new: str, model: ReadModel, *, limit: int = 10
) -> list[dict[str, object]]:
    """Return rows that only one of two schemas has, up to ``limit`` per table: table, key, side, text of the row."""
    found: list[dict[str, object]] = []
    for row_type in model.rows:
        table = table_of(row_type)
        key = f"jsonb_build_array({table.key_text})::text"
        for side, here, there in (("live", old, new), ("rebuilt", new, old)):
            records = await conn.fetch(
                f"select {key}, row({table.plain})::text from "
                f"(select {table.plain} from {here}.{table.name} "
                f"except all select {table.plain} from {there}.{table.name}) d "
                f"order by 1 limit {limit}"
            )
            found += [{"table": table.name, "key": r[0], "side": side, "row": r[1]} for r in records]
    return found
