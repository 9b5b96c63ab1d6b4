"""Rebuild of a read model from the ledger, beside the live one, with which it is compared and which it replaces.

Reads are not interrupted: the new tables take the names of the old ones in one transaction, which waits for running
reads. A live projector may continue meanwhile; the first build of a model works in the same way.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

import asyncpg
import structlog

from encours.postgres.connection import connect
from encours.postgres.leases import lock_key
from encours.projection.bulk import BulkReader
from encours.projection.control import (
    STOPPED,
    STORE_SETTINGS,
    Checkpoint,
    install_control,
    load_checkpoint,
    store_checkpoint,
)
from encours.projection.hashing import content_hash, differing_rows
from encours.projection.projector import check_model
from encours.projection.reactor import begin_reactions
from encours.projection.read_model import Conn, MappedModel, ReadModel
from encours.projection.schemas import schema_of, unquoted
from encours.projection.shadow import ROWS_IN_MEMORY, WAYS, Refused, Shadow

BULK_SETTINGS = {
    "synchronous_commit": "off",  # until the swap nothing of it counts
    "work_mem": "64MB",
    "maintenance_work_mem": "128MB",
}
NEAR = 2_000
"""Distance to the live position within which the rest is done under the checkpoint's lock."""
ROUNDS = 20
SWAP_TRIES = 200
SWAP_LOCK_TIMEOUT_MS = 250

log = structlog.get_logger("encours.rebuild")


@dataclass
class Rebuilt:
    """Result of a rebuild. Hashes are those of ``position``; ``equal`` is None where there was nothing to compare
    with (a first build, another version of the model, another epoch of the ledger). ``stopped`` is the reason for
    which the model is not beyond ``position`` although ``head`` is; None while it follows."""

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
        """Return the result for JSON."""
        return asdict(self)


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
    """Build a model from the ledger and replace the live one, or only compare.

    ``stop_at``: a first build ends at the first event of these types that may have effects (those of
    the model's reactor). Raises :class:`StopBefore` at an event that this program does not know.
    """
    check_model(model)
    async with AsyncExitStack() as stack:
        reader = await BulkReader.open(ledger_dsn, ledger)
        stack.push_async_callback(reader.close)
        conns = []
        for _ in range(2):
            conn = await connect(
                store_dsn,
                f"encours rebuild {model.name}",
                settings=STORE_SETTINGS | BULK_SETTINGS,
            )
            stack.push_async_callback(conn.close)
            conns.append(conn)
        await install_control(conns[0])
        # Session-level and waited for: two rebuilds of one model go one after the other.
        await conns[0].execute(
            "select pg_advisory_lock($1)", lock_key("rebuild", service, ledger, model.name)
        )
        ways = WAYS if isinstance(model, MappedModel) else WAYS[1:]
        for way in ways:
            shadow = Shadow(reader, conns[0], model, ledger, way, rows_in_memory, helper=conns[1])
            build = _Build(reader, shadow, conns[1], service, model, ledger)
            try:
                return await build.run(check_only=check_only, stop_at=stop_at)
            except Refused as error:
                log.warning(
                    "slower rebuild",
                    model=model.name,
                    ledger=ledger,
                    failed=way,
                    error=repr(error.__cause__ or error),
                )
            finally:
                await shadow.close()
        raise AssertionError("a careful build parks what cannot be written")


class _Build:
    """Attempt of a rebuild: fill the shadow, compare it with the live model, swap. ``other`` is a connection that locks
    the live checkpoint or has a snapshot."""

    def __init__(
        self,
        reader: BulkReader,
        shadow: Shadow,
        other: asyncpg.Connection,
        service: str,
        model: ReadModel,
        ledger: str,
    ) -> None:
        self.reader, self.shadow, self.conn, self.other = reader, shadow, shadow.conn, other
        self.service, self.model, self.ledger = service, model, ledger
        self.live = schema_of(model.name, ledger)
        self.head = 0
        self.epoch = 0
        self._stopped: str | None = None
        self._effects_from: int | None = None
        """Last position without effects, in a first build of a model with a reactor."""

    async def run(self, *, check_only: bool, stop_at: frozenset[str]) -> Rebuilt:
        """Build, compare and, unless ``check_only``, swap."""
        self.head, self.epoch, effects_from = await self.reader.head()
        goal = await self._goal(effects_from, stop_at)
        stop = await self.shadow.fill(goal)
        if stop is not None:
            # A first build ends before an event that this program does not know, so that there is a model to show
            # that it stands there; one that has a live model to meet fails.
            if await self._usable(self.conn) is not None:
                raise stop
            goal, self._stopped = self.shadow.position, str(stop)
        await self.shadow.finish()
        result = await self._compare(goal)
        if not check_only:
            await self._swap(goal)
            result.swapped = True
        return result

    async def _usable(self, conn: Conn, *, lock: bool = False) -> Checkpoint | None:
        """Return the live checkpoint if a build can be compared with it: of this epoch, within the ledger."""
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

    async def _near(self, goal: int) -> None:
        """Follow the live model until little is left to do under its lock."""
        for _ in range(ROUNDS):
            live = await self._usable(self.other)
            target = goal if live is None else live.position
            await self.shadow.catch_up(target)
            if target - self.shadow.position < NEAR and (live is None or await self._behind(target) < NEAR):
                return

    async def _behind(self, position: int) -> int:
        live = await self._usable(self.other)
        return 0 if live is None else live.position - position

    # Meeting the live model.

    async def _compare(self, goal: int) -> Rebuilt:
        """Return both hashes at one position, and the rows that differ."""
        await self._near(goal)
        async with self.other.transaction():
            live = await self._usable(self.other, lock=True)
            comparable = live is not None and live.model_version == self.model.version
            if live is not None:
                await self.shadow.catch_up(live.position)  # the live model waits at exactly this position
                self._stopped = (live.reason or STOPPED) if live.state == STOPPED else None
            await self.conn.execute("begin isolation level repeatable read read only")
            snapshot = await self.conn.fetchval("select pg_export_snapshot()")
        # The snapshot sees both at this position for as long as it likes; the live model goes on meanwhile.
        new, old = await asyncio.gather(
            content_hash(self.conn, self.shadow.schema, self.model, self.shadow.hashed),
            self._live_hash(snapshot, comparable=comparable),
        )
        different = []
        if old is not None and old != new:
            different = await differing_rows(self.conn, self.live, self.shadow.schema, self.model)
        await self.conn.execute("rollback")
        return Rebuilt(
            self.service,
            self.model.name,
            self.ledger,
            self.shadow.position,
            old,
            new,
            None if old is None else old == new,
            different,
            len(self.shadow.projection.parking.streams),
            head=max(self.head, self.shadow.position),
            stopped=self._stopped if self.shadow.position < self.head else None,
        )

    async def _live_hash(self, snapshot: str, *, comparable: bool) -> str | None:
        if not comparable:
            return None
        async with self.other.transaction(isolation="repeatable_read", readonly=True):
            await self.other.execute(f"set transaction snapshot '{snapshot}'")
            return await content_hash(self.other, self.live, self.model)

    async def _swap(self, goal: int) -> None:
        """Replace the live model, at its position, at a moment without readers."""
        for attempt in range(SWAP_TRIES):
            await self._near(goal)
            hold = self.other.transaction()
            await hold.start()
            try:
                live = await self._usable(self.other, lock=True)
                if live is not None:
                    await self.shadow.catch_up(live.position)
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
        await conn.execute(f"alter schema {self.shadow.schema} rename to {self.live}")
        await self.shadow.projection.parking.replace(conn, self.ledger, self.model.name)
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
            position=self.shadow.position,
        )
