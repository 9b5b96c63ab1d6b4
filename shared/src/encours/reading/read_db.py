"""Queries on the read models of a service: snapshots, waiting for a position, positions and hashes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from encours.kernel.errors import Refusal
from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.ledger.errors import LedgerUnavailable
from encours.postgres.connection import STORE_SETTINGS, close_pool, open_pool
from encours.projection.control import STOPPED, ensure_control, load_checkpoint
from encours.projection.hashing import content_hash, table_version
from encours.projection.read_model import Conn, ReadModel
from encours.projection.rows import table_of
from encours.projection.schemas import schema_of
from encours.reading.checkpoints import Checkpoints, OnWait

_GENERIC_PLANS = STORE_SETTINGS | {"plan_cache_mode": "force_generic_plan"}
SHORT_READERS = 3
"""Connections for statements that take less time to run than to plan: a burst of them is through sooner on few."""
FRESH_WAIT_S = 0.25
"""Longest time that a read waits for its model to reach the ledger's head."""
_OTHER_TABLES = asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError
HASH_PAUSE_FACTOR = 4
"""Pause after a hash, as a multiple of the time that it took to compute."""


class ReadModelNotReady(Refusal):
    """The read model has not been built for this ledger yet."""

    code = "read-model-not-ready"
    title = "Read model is being built"
    status = 503
    remedy = "Repeat the request after Retry-After seconds."

    def __init__(self, model: str, ledger: str) -> None:
        super().__init__(
            f"{model} is still being built for ledger {ledger}: try again shortly.", retry_after_s=1
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A connection inside a read-only snapshot; unpacks to (conn, schema, position).

    ``incomplete``: streams are parked, so figures may lack them.
    """

    conn: Conn
    schema: str
    position: int
    incomplete: bool

    def __iter__(self) -> Iterator[Any]:
        return iter((self.conn, self.schema, self.position))


class ReadDb:
    """Database of a service's read models. Make it with :meth:`open`."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        ledger: Ledger | None,
        models: Sequence[ReadModel],
        on_wait: OnWait | None = None,
        *,
        generic: asyncpg.Pool | None = None,
    ) -> None:
        self.pool = pool
        self._generic = generic or pool
        self._ledger = ledger
        self._models = {model.name: model for model in models}
        self._checkpoints = Checkpoints(pool, on_wait)
        self._hashing: dict[tuple[str, str], asyncio.Task[tuple[int, str] | None]] = {}
        self._hashed: dict[tuple[str, str], tuple[float, int, str]] = {}

    @classmethod
    async def open(
        cls,
        dsn: str,
        *,
        ledger: Ledger | None = None,
        models: Iterable[ReadModel] = (),
        on_wait: OnWait | None = None,
        size: int = 8,
    ) -> ReadDb:
        """Make a database that connects at its first use. Lags are exact if ``ledger`` is given.

        ``on_wait(model, ledger)`` is called when a reader waits for a model that is behind.
        """
        pool = await open_pool(dsn, "encours read", size=size + 1, settings=STORE_SETTINGS)
        generic = await open_pool(
            dsn, "encours read generic", size=min(size, SHORT_READERS), settings=_GENERIC_PLANS
        )
        return cls(pool, ledger, tuple(models), on_wait, generic=generic)

    async def close(self) -> None:
        """Stop waiting and disconnect."""
        await end(self._hashing.values())
        await self._checkpoints.close()
        await close_pool(self._generic)
        await close_pool(self.pool)

    @asynccontextmanager
    async def snapshot(
        self, model: str, ledger: str, *, generic_plans: bool = False
    ) -> AsyncIterator[Snapshot]:
        """Open rows and checkpoint of one moment as ``(conn, schema, position)``.

        With ``generic_plans`` a statement is planned once for all its arguments, for one that takes longer to plan than
        to run.

        Raises :class:`ReadModelNotReady` while the model has never been built, and where its tables are those of
        another version: a newer service answers before the model is built again.
        """
        schema = schema_of(model, ledger)
        async with (self._generic if generic_plans else self.pool).acquire() as conn:
            begin = "begin isolation level repeatable read read only"
            tables = self._tables(model, schema)
            try:
                # LOCK takes no snapshot, so it comes before one: a swap of a rebuilt schema waits for it, and the
                # snapshot that follows never sees tables that were filled after it.
                await conn.execute(f"{begin}; lock table {tables} in access share mode" if tables else begin)
                at = await conn.fetchrow(_POSITION, ledger, model)
                if at is None:
                    raise ReadModelNotReady(model, ledger)
                yield Snapshot(conn, schema, at["position"], at["incomplete"])
            except _OTHER_TABLES as error:
                if await self._is_built(ledger, model):
                    raise
                raise ReadModelNotReady(model, ledger) from error
            finally:
                if not conn.is_closed():
                    await conn.execute("rollback")

    async def value_now(self, model: str, ledger: str, expression: str, *arguments: Any) -> tuple[int, Any]:
        """Return the model's position, and the value of an SQL expression on its rows at that position.

        One round trip, where a snapshot takes four and its statements. The statement is planned once for all arguments.
        Raises as :meth:`snapshot`.
        """
        at = len(arguments)
        statement = f"""select position, ({expression}) from encours.checkpoint
            where ledger = ${at + 1} and model = ${at + 2}"""
        try:
            # A statement of its own locks its tables before it takes its snapshot, as a snapshot does by LOCK.
            row = await self._generic.fetchrow(statement, *arguments, ledger, model)
        except _OTHER_TABLES as error:
            if await self._is_built(ledger, model):
                raise
            raise ReadModelNotReady(model, ledger) from error
        if row is None:
            raise ReadModelNotReady(model, ledger)
        return row[0], row[1]

    def _tables(self, model: str, schema: str) -> str:
        known = self._models.get(model)
        return ", ".join(f"{schema}.{table_of(row).name}" for row in known.rows) if known else ""

    async def _is_built(self, ledger: str, model: str) -> bool:
        """Return whether the model is there in the version of this service."""
        try:
            async with self.pool.acquire() as conn:
                checkpoint = await load_checkpoint(conn, ledger, model)
        except asyncpg.UndefinedTableError:
            return False
        known = self._models.get(model)
        return checkpoint is not None and (known is None or checkpoint.model_version == known.version)

    async def wait_for(self, model: str, ledger: str, min_position: int, timeout: float = 2.0) -> bool:
        """Wait until the model has applied a position; return false if it has not within the time-out."""
        return await self._checkpoints.reached(model, ledger, min_position, timeout)

    def position(self, model: str, ledger: str) -> int | None:
        """Return the model's position without a query, or None while it is not known."""
        return self._checkpoints.position(model, ledger)

    async def catch_up(self, model: str, ledger: str, *, wait_s: float = FRESH_WAIT_S) -> int | None:
        """Return the ledger's head at this call, once the model has reached it or after ``wait_s`` seconds.

        None if the ledger does not answer in time; the model is then awaited up to the last head that this process has
        seen. Raises nothing for a model that is still behind: compare the head with the position of the snapshot.
        """
        if self._ledger is None:
            raise TypeError("opened without a ledger: its head is unknown")
        deadline = time.monotonic() + wait_s
        head = None
        with contextlib.suppress(TimeoutError, LedgerUnavailable):
            async with asyncio.timeout(FRESH_WAIT_S):
                head = (await self._ledger.head(ledger)).position
        target = self._ledger.head_seen(ledger) if head is None else head
        await self.wait_for(model, ledger, target, timeout=max(0.0, deadline - time.monotonic()))
        return head

    async def read_models(self, ledger: str, *, hashes: bool = True) -> list[dict[str, Any]]:
        """Return the position of each model in a ledger, and the hash of its content unless it is not wanted.

        ``content_hash`` belongs to ``hash_position``, which is ``position`` unless events are coming in.
        """
        try:
            rows = await self.pool.fetch(_STATES, ledger)
        except asyncpg.UndefinedTableError:
            await ensure_control(self.pool)
            rows = []
        head = await self._head(ledger, rows)
        found = {row["model"]: row for row in rows}
        return [
            await self._state(ledger, name, found.get(name), head, hashes=hashes)
            for name in sorted({*found, *self._models})
        ]

    async def _state(self, ledger: str, model: str, row: Any, head: int, *, hashes: bool) -> dict[str, Any]:
        if row is None:
            return {
                "service": None, "model": model, "name": model, "ledger": ledger, "version": None, "epoch": None,
                "position": 0, "head": head, "lag": head, "state": "building", "reason": "not built yet", "parked": 0,
                "incomplete": False, "content_hash": None, "hash_position": None, "updated_at": None,
            }  # fmt: skip
        hashed = await self._hash(ledger, model) if hashes else None
        # The hash's snapshot may be newer than the row.
        position = max(row["position"], hashed[0]) if hashed else row["position"]
        state, parked = row["state"], row["parked"]
        if parked and state != STOPPED:
            state = "incomplete"
        return {
            "service": row["service"], "model": model, "name": model, "ledger": ledger, "version": row["model_version"],
            "epoch": row["epoch"], "position": position, "head": max(head, position),
            "lag": max(0, head - position), "state": state,
            "reason": row["reason"] or row["parked_reason"], "parked": parked, "incomplete": bool(parked),
            "content_hash": hashed[1] if hashed else None, "hash_position": hashed[0] if hashed else None,
            "updated_at": row["updated_at"].isoformat(),
        }  # fmt: skip

    async def _head(self, ledger: str, rows: Sequence[Any]) -> int:
        if self._ledger is not None:
            try:
                return (await self._ledger.head(ledger)).position
            except LedgerUnavailable:
                pass  # as the worker last saw it
        seen = (
            await self.pool.fetchval("select max(head) from encours.ledger_state where ledger = $1", ledger)
            if rows
            else 0
        )
        return int(seen or 0)

    async def _hash(self, ledger: str, model: str) -> tuple[int, str] | None:
        """Return position and hash. A model is hashed by one computation at a time, however many callers ask."""
        key = (ledger, model)
        if model not in self._models:
            return None
        known = self._hashed.get(key)
        if known and time.monotonic() < known[0]:
            return known[1], known[2]
        task = self._hashing.get(key)
        if task is None:
            task = self._hashing[key] = asyncio.create_task(self._compute(ledger, model))
            task.add_done_callback(lambda _: self._hashing.pop(key, None))
        return await asyncio.shield(task)

    async def _compute(self, ledger: str, model: str) -> tuple[int, str] | None:
        started = time.monotonic()
        try:
            async with self.snapshot(model, ledger) as snap:
                position, value, fresh = await hash_of(snap.conn, snap.schema, self._models[model], ledger)
        except ReadModelNotReady:
            return None
        if fresh:
            await self.pool.execute(_REMEMBER, ledger, model, *fresh)
        took = time.monotonic() - started
        self._hashed[ledger, model] = (time.monotonic() + took * HASH_PAUSE_FACTOR, position, value)
        return position, value


async def hash_of(
    conn: Conn, schema: str, model: ReadModel, ledger: str
) -> tuple[int, str, tuple[int, int, str, str] | None]:
    """Return position and content hash in the connection's snapshot, from the cache if nothing was written since, and
    the entry for the cache otherwise."""
    checkpoint = await load_checkpoint(conn, ledger, model.name)
    if checkpoint is None:
        raise ReadModelNotReady(model.name, ledger)
    version = await table_version(conn, schema)
    cached = await conn.fetchval(
        """select hash from encours.content_hash
           where ledger = $1 and model = $2 and epoch = $3 and position = $4 and table_version = $5""",
        ledger,
        model.name,
        checkpoint.epoch,
        checkpoint.position,
        version,
    )
    if cached is not None:
        return checkpoint.position, str(cached), None
    value = await content_hash(conn, schema, model)
    return checkpoint.position, value, (checkpoint.epoch, checkpoint.position, version, value)


_POSITION = """
select position, exists (select from encours.parked p where (p.ledger, p.model) = (c.ledger, c.model)) as incomplete
from encours.checkpoint c where ledger = $1 and model = $2
"""
_STATES = """
select c.model, c.service, c.model_version, c.epoch, c.position, c.state, c.reason, c.updated_at,
       count(p.stream) as parked, min(p.stream || ' parked at ' || p.position || ': ' || p.reason) as parked_reason
  from encours.checkpoint c left join encours.parked p using (ledger, model)
 where c.ledger = $1 group by c.ledger, c.model
"""
_REMEMBER = """
insert into encours.content_hash (ledger, model, epoch, position, table_version, hash) values ($1, $2, $3, $4, $5, $6)
on conflict (ledger, model) do update set epoch = excluded.epoch, position = excluded.position,
  table_version = excluded.table_version, hash = excluded.hash, computed_at = now()
"""
