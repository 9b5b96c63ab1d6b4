"""Requests for long work: one table of each kind, with the progress and the result of its processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

import asyncpg
import msgspec

from encours.postgres.own_tables import OwnTables
from encours.projection.read_model import Conn
from encours.reading.pages import Page
from encours.reading.where import Where

LongWorkState = Literal["queued", "running", "completed", "failed", "cancelled"]
KEPT = 50
"""Requests of a ledger that are kept; with a new one the oldest beyond them are deleted."""
_WAITS = "state in ('queued', 'running')"


@dataclass(frozen=True, slots=True, kw_only=True)
class LongWork:
    """A stored request. Its fields are the columns of its table; what a process changes has a default.

    ``position``: events up to it are read. ``starts``: number of processes that have begun it.
    """

    JSON: ClassVar[Mapping[str, Any]] = {}
    """Types of the columns that hold JSON."""

    id: str
    ledger: str
    first_on: date
    last_on: date
    position: int
    fingerprint: bytes
    asked_by: str
    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    state: LongWorkState = "queued"
    problem: str | None = None
    starts: int = 0
    completed_at: datetime | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any] | asyncpg.Record) -> Self:
        """Return the request of a row."""
        read = {
            name: row[name] and msgspec.json.decode(row[name], type=kind) for name, kind in cls.JSON.items()
        }
        return cls(**dict(row) | read)

    def as_requested(self) -> Self:
        """Return the request as it was before a process began it."""
        return replace(
            self, **{each.name: each.default for each in fields(self) if each.default is not MISSING}
        )

    def columns(self) -> dict[str, Any]:
        """Return the row of a new request; ``asked_at`` is the clock of the database."""
        plain = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "asked_at"}
        encoded = {name: msgspec.json.encode(plain[name]) for name in self.JSON if plain[name] is not None}
        return plain | encoded


W = TypeVar("W", bound=LongWork)


class LongWorkStore(OwnTables, Generic[W]):
    """Reads and writes the requests of one kind, in ``schema.table``.

    ``result`` is the column of the result. What a process finds is in ``found``, tables of the schema that name the
    request in ``<table>_id``. A process that begins it ``anew`` forgets what an earlier one found, and sets this
    column, of progress, to 0.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        kind: type[W],
        table: str,
        migration: tuple[str, str],
        *,
        lock: str | None = None,
        result: str = "result",
        found: Sequence[str],
        anew: str | None = None,
    ) -> None:
        self._schema, name = table.split(".")
        super().__init__(pool, migration, lock=lock or self._schema)
        self._kind, self._table, self._result, self._found, self._anew = kind, table, result, found, anew
        self._owner = f"{name}_id"
        self._fields = ", ".join(each.name for each in fields(kind))

    async def add(self, wanted: W) -> W:
        """Store a request. Return it, or the one that an earlier run of the command stored."""
        columns = wanted.columns()
        marks = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
        await self._pool.execute(
            f"insert into {self._table} ({', '.join(columns)}) values ({marks}) on conflict (id) do nothing",
            *columns.values(),
        )
        await self._pool.execute(
            f"""delete from {self._table} where id in (
                 select id from {self._table} where ledger = $1 and not {_WAITS}
                  order by asked_at desc, id desc offset $2)""",
            wanted.ledger,
            KEPT,
        )
        kept = await self.get(wanted.ledger, wanted.id)
        assert kept is not None
        return kept

    async def get(self, ledger: str, work_id: str) -> W | None:
        """Return a request of the ledger, or None."""
        return self._one(
            await self._pool.fetchrow(
                f"select {self._fields} from {self._table} where ledger = $1 and id = $2", ledger, work_id
            )
        )

    async def next_waiting(self) -> W | None:
        """Return the oldest request without a result, also one whose process has ended."""
        return self._one(
            await self._pool.fetchrow(
                f"select {self._fields} from {self._table} where {_WAITS} order by asked_at, id limit 1"
            )
        )

    async def begin(self, work_id: str) -> W | None:
        """Begin a request that waits, also one that an earlier process has begun; None if there is none."""
        anew = f", {self._anew} = 0" if self._anew else ""
        async with self._pool.acquire() as conn, conn.transaction():
            row = await conn.fetchrow(
                f"""update {self._table} set state = 'running', starts = starts + 1{anew}
                     where id = $1 and {_WAITS} returning {self._fields}""",
                work_id,
            )
            if row is not None and anew:
                await self._forget(conn, work_id)
        return self._one(row)

    async def complete(self, running: W, result: msgspec.Struct) -> bool:
        """Store the result; False if it was cancelled or begun by another process."""
        return await self._end(running, "completed", {self._result: msgspec.json.encode(result)})

    async def fail(self, running: W, problem: str) -> None:
        """Store why there is no result."""
        await self._end(running, "failed", {"problem": problem})

    async def cancel(self, ledger: str, work_id: str) -> None:
        """End a request that has no result yet; its process stops at its next progress."""
        await self._pool.execute(
            f"""update {self._table} set state = 'cancelled', completed_at = now()
                where ledger = $1 and id = $2 and {_WAITS}""",
            ledger,
            work_id,
        )

    async def _end(
        self, running: W, state: LongWorkState, columns: Mapping[str, Any], conn: Conn | None = None
    ) -> bool:
        return await self._set(
            conn or self._pool, running, {"state": state, **columns}, ", completed_at = now()"
        )

    async def _set(
        self, conn: Conn | asyncpg.Pool, running: W, columns: Mapping[str, Any], more: str = ""
    ) -> bool:
        """Set columns; False if the request was cancelled or begun by another process."""
        assigned = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 3))
        done: bool | None = await conn.fetchval(
            f"update {self._table} set {assigned}{more} where id = $1 and starts = $2 and {_WAITS} returning true",
            running.id,
            running.starts,
            *columns.values(),
        )
        return bool(done)

    async def _forget(self, conn: Conn | asyncpg.Pool, work_id: str) -> None:
        for table in self._found:
            await conn.execute(f"delete from {self._schema}.{table} where {self._owner} = $1", work_id)

    async def _copy(
        self, conn: Conn, table: str, columns: Sequence[str], running: W, rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """Add rows of what was found."""
        await conn.copy_records_to_table(
            table,
            schema_name=self._schema,
            columns=(self._owner, *columns),
            records=[(running.id, *row) for row in rows],
        )

    async def _listed(self, where: Where, page: Page, ledger: str) -> list[asyncpg.Record]:
        """Return a page of a ledger's requests, as rows for ``of``."""
        return await self._page(where.equal("ledger", ledger), page, self._fields, self._table)

    async def _page(self, where: Where, page: Page, columns: str, source: str) -> list[asyncpg.Record]:
        statement = where.page_sql(page, columns, source)
        rows: list[asyncpg.Record] = await self._pool.fetch(statement, *where.arguments)
        return rows

    def _one(self, row: asyncpg.Record | None) -> W | None:
        return None if row is None else self._kind.of(row)
