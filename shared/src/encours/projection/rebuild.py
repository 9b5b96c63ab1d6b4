"""A read model built again from the ledger, beside the live one, compared with it and put in its place.

Readers never notice: the new tables take the old ones' name in one transaction that waits for running readers.
Works while a live projector goes on and when there is none; the first build of a model is the same thing.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import asyncpg
import structlog

from encours.ledger.stored import StoredEvent
from encours.postgres.connection import connect
from encours.postgres.leases import lock_key
from encours.projection.apply import apply
from encours.projection.bulk import PAGE, BulkReader
from encours.projection.control import (
    STOPPED,
    STORE_SETTINGS,
    Checkpoint,
    install_control,
    load_checkpoint,
    store_checkpoint,
)
from encours.projection.hashing import content_hash, differing_rows
from encours.projection.parking import Parking
from encours.projection.projector import (
    UNWRITABLE,
    Projection,
    StopBefore,
    check_model,
    create_indexes,
    create_tables,
)
from encours.projection.reactor import begin_reactions
from encours.projection.read_model import Conn, ReadModel
from encours.projection.rows import table_of
from encours.projection.schemas import schema_of, shadow_of, unquoted

ROWS_IN_MEMORY = 250_000
"""Rows a table kept while folding; beyond, the least recently used ones live in the shadow tables alone."""
SLICE = 1_000
"""Events folded between two looks at the connection that brings the next page."""
CAREFUL_PAGE = 1_000
NEAR = 2_000
"""So close to the live position, the rest may be done under the checkpoint's lock."""
ROUNDS = 20
SWAP_TRIES = 200
SWAP_LOCK_TIMEOUT_MS = 250

log = structlog.get_logger("encours.rebuild")


@dataclass
class Rebuilt:
    """What a rebuild found. Hashes are those of ``position``; ``equal`` is None where there was nothing to compare
    with (a first build, another version of the model, another epoch of the ledger). ``stopped`` says why the model
    goes no further than ``position`` although ``head`` is beyond; None while it follows."""

    service: str
    model: str
    ledger: str
    position: int
    old_hash: str | None
    new_hash: str
    equal: bool | None
    differing_rows: list[dict[str, object]] = field(default_factory=list)
    parked: int = 0
    swapped: bool = False
    head: int = 0
    stopped: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class _Unwritable(Exception):
    """Rows of a bulk load were refused: do it again in small batches that find the event."""


async def rebuild(
    *,
    ledger_dsn: str,
    store_dsn: str,
    service: str,
    model: ReadModel,
    ledger: str,
    check_only: bool = False,
    stop_at: frozenset[str] = frozenset(),
    rows_in_memory: int = ROWS_IN_MEMORY,
) -> Rebuilt:
    """Build a model from the ledger and swap it in, or only compare.

    ``stop_at``: a first build goes no further than the first event of these types that may have effects (those of
    the model's reactor). Raises :class:`StopBefore` at an event that this program does not know.
    """
    check_model(model)
    async with AsyncExitStack() as stack:
        reader = await BulkReader.open(ledger_dsn, ledger)
        stack.push_async_callback(reader.close)
        conns = []
        for _ in range(2):
            # Until the swap nothing of it counts.
            conn = await connect(
                store_dsn,
                f"encours rebuild {model.name}",
                settings=STORE_SETTINGS | {"synchronous_commit": "off"},
            )
            stack.push_async_callback(conn.close)
            conns.append(conn)
        await install_control(conns[0])
        # Session-level and waited for: two rebuilds of one model go one after the other.
        await conns[0].execute(
            "select pg_advisory_lock($1)", lock_key("rebuild", service, ledger, model.name)
        )
        for careful in (False, True):
            build = _Build(reader, conns[0], conns[1], service, model, ledger, rows_in_memory, careful)
            try:
                return await build.run(check_only=check_only, stop_at=stop_at)
            except _Unwritable as error:
                log.warning("bulk load refused", model=model.name, ledger=ledger, error=str(error.__cause__))
            finally:
                if not conns[0].is_closed():
                    await conns[0].execute(f"drop schema if exists {build.shadow} cascade")
        raise AssertionError("a careful build parks what cannot be written")


@contextmanager
def _without_gc() -> Iterator[None]:
    """No cycles are made while folding, and looking for them among a million rows takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Build:
    """One attempt. ``conn`` writes the shadow, ``other`` holds the live checkpoint or a snapshot."""

    def __init__(
        self,
        reader: BulkReader,
        conn: asyncpg.Connection,
        other: asyncpg.Connection,
        service: str,
        model: ReadModel,
        ledger: str,
        rows_in_memory: int,
        careful: bool,
    ) -> None:
        self.reader, self.conn, self.other = reader, conn, other
        self.service, self.model, self.ledger = service, model, ledger
        self.limit = rows_in_memory
        self.careful = careful
        self.live = schema_of(model.name, ledger)
        self.shadow = shadow_of(model.name, ledger)
        self.projection = Projection(model, self.shadow, Parking())
        self.position = 0
        self.head = 0
        self.epoch = 0
        self._stopped: str | None = None
        self._effects_from: int | None = None
        """Of a first build that a reactor will follow: the last position without effects."""
        self._stored: set[str] = set()  # tables that hold rows already

    async def run(self, *, check_only: bool, stop_at: frozenset[str]) -> Rebuilt:
        """The whole of it."""
        await create_tables(self.conn, self.shadow, self.model, keys=self.careful)
        self.head, self.epoch, effects_from = await self.reader.head()
        goal = await self._goal(effects_from, stop_at)
        if self.careful:
            await self._load_carefully(goal)
        else:
            self.projection.rows.assume_empty()
            with _without_gc():
                goal = await self._load(goal)
        await create_indexes(self.conn, self.shadow, self.model)
        await self.conn.execute(
            "analyze " + ", ".join(f"{self.shadow}.{table_of(row).name}" for row in self.model.rows)
        )
        await self._settle()
        result = await self._compare(goal)
        if not check_only:
            await self._swap(goal)
            result.swapped = True
        return result

    async def _usable(self, conn: Conn, *, lock: bool = False) -> Checkpoint | None:
        """The live checkpoint, if it is one that a build has to meet exactly: of this epoch, within the ledger."""
        checkpoint = await load_checkpoint(conn, self.ledger, self.model.name, lock=lock)
        if checkpoint is None or checkpoint.epoch != self.epoch:
            return None
        if checkpoint.position > self.head:
            self.head = (await self.reader.head())[0]
        return checkpoint if checkpoint.position <= self.head else None

    async def _goal(self, effects_from: int, stop_at: frozenset[str]) -> int:
        live = await self._usable(self.conn)
        if live is not None:
            return live.position
        if stop_at:
            self._effects_from = effects_from
            reacted = await self.conn.fetchval(
                "select position from encours.reaction where ledger = $1 and model = $2 and epoch = $3",
                self.ledger,
                self.model.name,
                self.epoch,
            )
            first = await self.reader.first_of(sorted(stop_at), effects_from if reacted is None else reacted)
            return self.head if first is None else first
        return self.head

    # Filling the shadow.

    async def _load(self, upto: int) -> int:
        """Fold with the rows in memory and write each row once, when it leaves memory or at the end.

        Returns how far it got. A first build ends before an event that this program does not know, so that there
        is a model to show that it stands there; one that has a live model to meet raises.
        """
        stop = None
        async for position, events in self.reader.pages(self.position, upto, self.projection.wanted):
            for _ in range(0, PAGE, SLICE):
                stop = stop or await self.projection.fold(self.conn, islice(events, SLICE))
                # Folding holds the loop: let the connection take in what has come of the next page.
                await asyncio.sleep(0)
            if stop is not None:
                self.position = stop.position - 1
                self._stopped = str(stop)
                break
            self.position = position
            if self.projection.rows.largest > self.limit:
                await self._spill(keep=self.limit // 2)
        await self._spill(keep=self.limit)
        for row_type in self.model.rows:
            await self._key(row_type.TABLE)
        if stop is not None and await self._usable(self.conn) is not None:
            raise stop
        return self.position

    def _stop(self, stop: StopBefore | None) -> None:
        if stop is not None:
            raise stop

    async def _spill(self, *, keep: int) -> None:
        try:
            for row_type, rows, keys in self.projection.rows.changes():
                table = table_of(row_type)
                if table.name in self._stored:
                    await self._key(table.name)
                    if keys:
                        await self.conn.execute(table.delete_by_key(self.shadow), *table.key_columns(keys))
                    await self._copy_over(row_type, map(table.values, rows))
                else:
                    await self.conn.copy_records_to_table(
                        table.name,
                        schema_name=unquoted(self.shadow),
                        columns=table.names,
                        records=map(table.values, rows),
                    )
                    self._stored.add(table.name)
        except UNWRITABLE as error:
            raise _Unwritable from error
        self.projection.rows.written(keep)
        if not self.projection.rows.all_in_memory:
            for row_type in self.model.rows:
                await self._key(row_type.TABLE)

    async def _copy_over(self, row_type: Any, records: Any) -> None:
        """Rows over rows that may exist: COPY beside them, then one upsert."""
        table = table_of(row_type)
        await self.conn.execute(
            f"create temp table if not exists staging_{table.name} (like {self.shadow}.{table.name})"
        )
        await self.conn.copy_records_to_table(f"staging_{table.name}", columns=table.names, records=records)
        await self.conn.execute(table.upsert_from(self.shadow, f"staging_{table.name}"))
        await self.conn.execute(f"drop table staging_{table.name}")

    async def _key(self, table_name: str) -> None:
        name = f"{table_name} key"
        if name not in self._stored:
            self._stored.add(name)
            row_type = next(row for row in self.model.rows if table_name == row.TABLE)
            await self.conn.execute(table_of(row_type).create_key(self.shadow))

    async def _load_carefully(self, upto: int) -> None:
        """As the live path does it, batch by batch, parking what the database refuses."""
        pages = self.reader.pages(self.position, upto, self.projection.wanted, page=CAREFUL_PAGE)
        async for position, events in pages:
            await self._apply(events)
            self.position = position

    async def _apply(self, events: Iterable[StoredEvent]) -> None:
        async def nothing(_: Conn, __: int) -> None:
            return None

        if batch := list(events):
            applied = await apply(self.conn, self.projection, batch, nothing, self.ledger)
            self._stop(applied.stop)

    async def _settle(self) -> None:
        async with self.conn.transaction():
            await self.projection.settle(self.conn)

    async def _catch_up(self, upto: int) -> None:
        """From where the shadow stands to a position of the live model, written at once."""
        async for position, events in self.reader.pages(self.position, upto, self.projection.wanted):
            if self.careful:
                await self._apply(events)
            else:
                async with self.conn.transaction():
                    self._stop(await self.projection.fold(self.conn, events))
                    try:
                        await self.projection.write(self.conn)
                    except UNWRITABLE as error:
                        raise _Unwritable from error
                    await self.projection.settle(self.conn)
                self.projection.rows.written(self.limit)
            self.position = position

    async def _near(self, goal: int) -> None:
        """Follow the live model until little is left to do under its lock."""
        for _ in range(ROUNDS):
            live = await self._usable(self.other)
            target = goal if live is None else live.position
            await self._catch_up(target)
            if target - self.position < NEAR and (live is None or await self._behind(target) < NEAR):
                return

    async def _behind(self, position: int) -> int:
        live = await self._usable(self.other)
        return 0 if live is None else live.position - position

    # Meeting the live model.

    async def _compare(self, goal: int) -> Rebuilt:
        """Both hashes at the very same position, and the rows that differ."""
        await self._near(goal)
        async with self.other.transaction():
            live = await self._usable(self.other, lock=True)
            comparable = live is not None and live.model_version == self.model.version
            if live is not None:
                await self._catch_up(live.position)  # the live model waits: it stands exactly here
                self._stopped = (live.reason or STOPPED) if live.state == STOPPED else None
            await self.conn.execute("begin isolation level repeatable read read only")
            snapshot = await self.conn.fetchval("select pg_export_snapshot()")
        # The snapshot sees both at this position for as long as it likes; the live model goes on meanwhile.
        new, old = await asyncio.gather(
            content_hash(self.conn, self.shadow, self.model), self._live_hash(snapshot, comparable=comparable)
        )
        different = []
        if old is not None and old != new:
            different = await differing_rows(self.conn, self.live, self.shadow, self.model)
        await self.conn.execute("rollback")
        return Rebuilt(
            self.service,
            self.model.name,
            self.ledger,
            self.position,
            old,
            new,
            None if old is None else old == new,
            different,
            len(self.projection.parking.streams),
            head=max(self.head, self.position),
            stopped=self._stopped if self.position < self.head else None,
        )

    async def _live_hash(self, snapshot: str, *, comparable: bool) -> str | None:
        if not comparable:
            return None
        async with self.other.transaction(isolation="repeatable_read", readonly=True):
            await self.other.execute(f"set transaction snapshot '{snapshot}'")
            return await content_hash(self.other, self.live, self.model)

    async def _swap(self, goal: int) -> None:
        """Take the live model's place, at its position, when no reader is looking at it."""
        for attempt in range(SWAP_TRIES):
            await self._near(goal)
            hold = self.other.transaction()
            await hold.start()
            try:
                live = await self._usable(self.other, lock=True)
                if live is not None:
                    await self._catch_up(live.position)
                await self.other.execute(f"set local lock_timeout = {SWAP_LOCK_TIMEOUT_MS}")
                await self.other.execute("set local synchronous_commit = on")
                await self._take_place()
                await hold.commit()
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                # A long reader: let it finish, and let new ones and the projector through meanwhile.
                await hold.rollback()
                await asyncio.sleep(min(0.02 * (attempt + 1), 1.0))
            except BaseException:
                if not self.other.is_closed():
                    await hold.rollback()
                raise
            else:
                return
        raise TimeoutError(f"{self.model.name} of {self.ledger}: its readers left no moment for the swap")

    async def _take_place(self) -> None:
        conn = self.other
        tables = await conn.fetch(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = $1",
            unquoted(self.live),
        )
        if tables:
            await conn.execute(f"lock table {', '.join(row[0] for row in tables)} in access exclusive mode")
        await conn.execute(f"drop schema if exists {self.live} cascade")
        await conn.execute(f"alter schema {self.shadow} rename to {self.live}")
        await self.projection.parking.replace(conn, self.ledger, self.model.name)
        if self._effects_from is not None:
            # Or a second build before any worker ran would pass for one whose reactions were done.
            await begin_reactions(conn, self.ledger, self.model.name, self.epoch, self._effects_from)
        await store_checkpoint(
            conn,
            self.ledger,
            self.model.name,
            self.service,
            version=self.model.version,
            epoch=self.epoch,
            position=self.position,
        )
