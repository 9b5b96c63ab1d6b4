"""Content hash of a read model: equal at the same position on any machine.

The columns of each row are written as the text of a PostgreSQL record (unambiguous about null, quotes and commas)
under fixed session settings and hashed with SHA-256; the hashes are added up. The sum does not depend on the order of
rows, so that no sorting is needed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from encours.kernel.tasks import end
from encours.projection.read_model import Conn, ReadModel
from encours.projection.rows import Row, table_of
from encours.projection.schemas import unquoted

_MASK = (1 << 64) - 1


class TableHash(NamedTuple):
    """Number of rows and the sums of the first and second 64 bits of their hashes. Hashes of parts of a table add up
    to the hash of the table."""

    rows: int
    first: int
    second: int

    def plus(self, other: TableHash) -> TableHash:
        """Hash of the rows of both."""
        return TableHash(*map(sum, zip(self, other, strict=True)))

    def __str__(self) -> str:
        return f"{self.rows} {self.first & _MASK:016x}{self.second & _MASK:016x}"


def row_hash_sql(schema: str, row_type: type[Row], after: int | None = None, upto: int | None = None) -> str:
    """Return the SQL for the :class:`TableHash` of a table, or of its rows of the positions ``(after, upto]``."""
    table = table_of(row_type)
    bounds = [f"position > {after}"] if after is not None else []
    bounds += [f"position <= {upto}"] if upto is not None else []
    within = f" where {' and '.join(bounds)}" if bounds else ""
    return (
        "select count(*), coalesce(sum(substr(h, 1, 8)::bigint), 0)::text, "
        "coalesce(sum(substr(h, 9, 8)::bigint), 0)::text "
        # OFFSET 0 keeps the hash from being worked out for each half.
        f"from (select sha256(convert_to(row({table.plain})::text, 'UTF8')) as h "
        f"from {schema}.{table.name}{within} offset 0) r"
    )


async def table_hash(
    conn: Conn, schema: str, row_type: type[Row], after: int | None = None, upto: int | None = None
) -> TableHash:
    """Return the hash of a table's rows, or of those of the positions ``(after, upto]``."""
    sql = row_hash_sql(schema, row_type, after, upto)
    rows, first, second = await conn.fetchrow(sql) or (0, "0", "0")
    return TableHash(rows, int(first), int(second))


@dataclass(frozen=True)
class Hashed:
    """Hashes up to a position of tables whose rows are never changed."""

    upto: int
    tables: Mapping[type[Row], TableHash]


class GrowingHash:
    """Hash of tables that only gain rows, worked out while they are filled. The tables have an index on position."""

    def __init__(self, conn: Conn, schema: str, row_types: Sequence[type[Row]]) -> None:
        self.conn, self._schema = conn, schema
        self._hashed = Hashed(0, dict.fromkeys(row_types, TableHash(0, 0, 0)))
        self._upto = 0
        self._task: asyncio.Task[None] | None = None

    def grown(self, upto: int) -> None:
        """Every row of the positions up to this one is in the tables."""
        self._upto = upto
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow())

    async def result(self) -> Hashed:
        """Return the hash up to where the tables have grown. Raises what the database raised."""
        if self._task is not None:
            await self._task
        return self._hashed

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            await end([self._task])

    async def _follow(self) -> None:
        while self._hashed.upto < self._upto:
            after, upto = self._hashed.upto, self._upto
            more = [
                known.plus(await table_hash(self.conn, self._schema, row_type, after, upto))
                for row_type, known in self._hashed.tables.items()
            ]
            self._hashed = Hashed(upto, dict(zip(self._hashed.tables, more, strict=True)))


async def content_hash(conn: Conn, schema: str, model: ReadModel, hashed: Hashed | None = None) -> str:
    """Return the hash of all rows of a model's schema, in the snapshot of the connection's transaction.

    In tables that are ``hashed`` already, only the rows after that position are hashed.
    """
    total = hashlib.sha256()
    for row_type in sorted(model.rows, key=lambda r: r.TABLE):
        known = None if hashed is None else hashed.tables.get(row_type)
        if hashed is None or known is None:
            found = await table_hash(conn, schema, row_type)
        else:
            found = known.plus(await table_hash(conn, schema, row_type, hashed.upto))
        total.update(f"{row_type.TABLE} {found}\n".encode())
    return total.hexdigest()


async def table_version(conn: Conn, schema: str) -> str:
    """Return a text that changes with any write to the schema's tables, by any role: the key of a cached hash.

    It is made of PostgreSQL's write counters, which may lag by a second; then a hash is computed once more.
    """
    value = await conn.fetchval(
        """select n.oid || ':' || coalesce(sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)
           from pg_namespace n left join pg_stat_all_tables s on s.schemaname = n.nspname
           where n.nspname = $1 group by n.oid""",
        unquoted(schema),
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
