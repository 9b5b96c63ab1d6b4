"""The content hash of a read model: same position, same hash, on any machine.

Each row's columns are turned into text as PostgreSQL writes a record (unambiguous about null, quotes and
commas) under pinned session settings, hashed with SHA-256, and the hashes are added up. A sum does not depend on
the order that rows happen to lie in, so nothing has to be sorted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from encours.projection.read_model import Conn, ReadModel
from encours.projection.rows import Row, table_of
from encours.projection.schemas import unquoted

_MASK = (1 << 64) - 1


class TableHash(NamedTuple):
    """Number of rows and the sums of the first and second 64 bits of their hashes; that of all rows is the sum of
    those of some and of the rest."""

    rows: int
    first: int
    second: int

    def __str__(self) -> str:
        return f"{self.rows} {self.first & _MASK:016x}{self.second & _MASK:016x}"


def row_hash_sql(schema: str, row_type: type[Row], after: int | None = None) -> str:
    """SQL: the :class:`TableHash` of a table, or of its rows behind a position."""
    table = table_of(row_type)
    behind = "" if after is None else f" where position > {after}"
    return (
        "select count(*), coalesce(sum(substr(h, 1, 8)::bigint), 0)::text, "
        "coalesce(sum(substr(h, 9, 8)::bigint), 0)::text "
        # OFFSET 0 keeps the hash from being worked out for each half.
        f"from (select sha256(convert_to(row({table.plain})::text, 'UTF8')) as h "
        f"from {schema}.{table.name}{behind} offset 0) r"
    )


async def table_hash(conn: Conn, schema: str, row_type: type[Row], after: int | None = None) -> TableHash:
    """Hash of a table's rows, or of those behind a position."""
    rows, first, second = await conn.fetchrow(row_hash_sql(schema, row_type, after)) or (0, "0", "0")
    return TableHash(rows, int(first), int(second))


@dataclass(frozen=True)
class Hashed:
    """Tables that only gain rows, each with its hash up to a position."""

    upto: int
    tables: Mapping[type[Row], TableHash]


async def content_hash(conn: Conn, schema: str, model: ReadModel, hashed: Hashed | None = None) -> str:
    """Hash of all rows of a model's schema, in the snapshot of the connection's transaction.

    Of tables that were ``hashed`` already, only the rows behind that position are hashed.
    """
    total = hashlib.sha256()
    for row_type in sorted(model.rows, key=lambda r: r.TABLE):
        known = None if hashed is None else hashed.tables.get(row_type)
        if hashed is None or known is None:
            found = await table_hash(conn, schema, row_type)
        else:
            more = await table_hash(conn, schema, row_type, hashed.upto)
            found = TableHash(*map(sum, zip(known, more, strict=True)))
        total.update(f"{row_type.TABLE} {found}\n".encode())
    return total.hexdigest()


async def table_version(conn: Conn, schema: str) -> str:
    """Changes with any write to the schema's tables, by whomever: a cached hash is believed only beside it.

    PostgreSQL's own write counters; they may lag by a second, which costs a hash computed once more.
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
    """Rows that only one of two schemas has, up to ``limit`` a table: table, key, side and the row's text."""
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
