"""Group commit: what waits at one moment becomes one transaction.

One task per process sends one batch after the other over a connection of its own; while a batch is on its way
the next one gathers. That is what makes the ledger's lock cheap. A refused append fails alone. When the
connection breaks, nobody knows whether the batch was committed: the command ids are looked up, and what is
not there is sent again under the same ids, which the database stores at most once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from encours.ledger.connection import connect, is_lost
from encours.ledger.errors import (
    AppendRefused,
    CommandReused,
    FamilyRefused,
    IssueDateBeforeLast,
    LedgerUnavailable,
    VersionConflict,
)
from encours.ledger.model import Appended
from encours.ledger.wire import APPEND_SQL, Prepared, arguments, stored_whole

BATCH_EVENTS = 256
QUEUE_EVENTS = 20_000
"""Events that may wait in one process: some tenths of a second of work; beyond, callers are told to come
back.
"""
PATIENCE_S = 8.0
"""How long an append may wait for a ledger that does not answer."""
_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.4)
_UNKNOWN = (
    "The connection to the ledger broke and it has not come back: "
    "repeat the request with the same Idempotency-Key."
)
_STORED = """select c.command_id, c.fingerprint, c.first_position, c.last_position, c.answer, e.recorded_at
  from ledger.command c left join ledger.event e on e.ledger = c.ledger and e.position = c.last_position
  where c.ledger = $1 and c.command_id = any($2)"""
_log = logging.getLogger(__name__)

Listener = Callable[[int, int], None]
"""Called with a ledger's id and its head after a batch was stored."""


class Appender:
    """The queue of one process and the task that empties it."""

    def __init__(
        self,
        dsn: str,
        *,
        batch_events: int = BATCH_EVENTS,
        queue_events: int = QUEUE_EVENTS,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._dsn = dsn
        self._batch_events = batch_events
        self._queue_events = queue_events
        self._patience_s = patience_s
        self._queues: dict[int, deque[Prepared]] = {}
        self._waiting_events = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._connection: asyncpg.Connection | None = None
        self._statement: Any = None
        self._task = asyncio.create_task(self._run(), name="ledger-appender")
        self.listeners: list[Listener] = []

    async def append(self, item: Prepared) -> Appended:
        """Queue it and wait. Raises the append's own refusal, or :class:`LedgerUnavailable` when the queue is
        full or the ledger does not come back in time."""
        if self._closing:
            raise LedgerUnavailable("This process is stopping.")
        if self._waiting_events + item.size > self._queue_events and self._waiting_events:
            raise LedgerUnavailable("Too many commands are waiting for the ledger.")
        item.deadline = asyncio.get_running_loop().time() + self._patience_s
        self._queues.setdefault(item.ledger_id, deque()).append(item)
        self._waiting_events += item.size
        self._wake.set()
        return await item.done

    async def close(self) -> None:
        """Store what waits, then disconnect."""
        self._closing = True
        self._wake.set()
        try:
            await asyncio.wait_for(asyncio.shield(self._task), self._patience_s + 2)
        except TimeoutError:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._disconnect()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := self._next_batch():
                try:
                    await self._deliver(batch)
                except Exception as error:
                    _log.exception("a batch of appends failed")
                    await self._disconnect()
                    for item in batch:
                        item.fail(error)
            if self._closing:
                return

    def _next_batch(self) -> list[Prepared]:
        """Up to 256 events of one ledger, ledgers taking turns. An append that touches a stream which an
        earlier one of the batch writes, or repeats its command id, waits for the next batch."""
        if not self._queues:
            return []
        ledger_id, queue = next(iter(self._queues.items()))
        batch: list[Prepared] = []
        held: list[Prepared] = []
        written: set[str] = set()
        ids = set()
        events = 0
        while queue and events < self._batch_events:
            item = queue[0]
            if batch and events + item.size > self._batch_events:
                break
            # A clock moves alone: every event of its batch is recorded at that instant.
            if batch and (item.append.clock_at is not None or batch[0].append.clock_at is not None):
                break
            queue.popleft()
            if not written.isdisjoint(item.touched) or item.append.command_id in ids:
                held.append(item)
                continue
            batch.append(item)
            written |= item.written
            ids.add(item.append.command_id)
            events += item.size
        queue.extendleft(reversed(held))
        del self._queues[ledger_id]
        if queue:
            self._queues[ledger_id] = queue
        self._waiting_events -= sum(item.size for item in batch)
        return batch

    def _return(self, held: list[Prepared]) -> None:
        """Back to the front of the queue, in their order."""
        self._queues.setdefault(held[0].ledger_id, deque()).extendleft(reversed(held))
        self._waiting_events += sum(item.size for item in held)

    async def _deliver(self, batch: Sequence[Prepared]) -> None:
        """Send until it is settled. Bounded by the deadline of the append that may wait longest."""
        loop = asyncio.get_running_loop()
        failures = 0
        while batch:
            try:
                if failures:
                    batch = await self._without_stored(batch)
                    if not batch:
                        return
                await self._send(batch)
                return
            except Exception as error:
                if not is_lost(error):
                    if not isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
                        raise
                    await self._one_by_one(batch, error)
                    return
                _log.warning("the ledger's connection is lost: %s: %s", type(error).__name__, error)
                await self._disconnect()
                late = [item for item in batch if item.deadline <= loop.time()]
                batch = [item for item in batch if item.deadline > loop.time()]
                for item in late:
                    item.fail(LedgerUnavailable(_UNKNOWN))
                self._give_up_waiting(loop.time())
                await asyncio.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
                failures += 1

    def _give_up_waiting(self, now: float) -> None:
        for ledger_id, queue in list(self._queues.items()):
            while queue and queue[0].deadline <= now:
                item = queue.popleft()
                self._waiting_events -= item.size
                item.fail(LedgerUnavailable("The ledger does not answer."))
            if not queue:
                del self._queues[ledger_id]

    async def _send(self, batch: Sequence[Prepared]) -> None:
        if self._connection is None or self._connection.is_closed():
            # The server's limits are shorter than ours, so that a slow server answers "not done" instead of
            # leaving it unknown.
            self._connection = await connect(
                self._dsn, application_name="encours appender", lock_timeout="5s", statement_timeout="10s"
            )
            self._statement = await self._connection.prepare(APPEND_SQL)
        row = await self._statement.fetchrow(
            *arguments(batch[0].ledger_id, batch[0].append.clock_at, batch), timeout=15
        )
        if row["verdicts"] is None:
            head = row["head"]
            for item, result in stored_whole(batch, row):
                head = result.head
                item.settle(result)
        else:
            head = self._settle_each(batch, row)
        for listener in self.listeners:
            listener(batch[0].ledger_id, head)

    def _settle_each(self, batch: Sequence[Prepared], row: Any) -> int:
        """Every append by its own verdict; the ledger's head after the batch."""
        verdicts, firsts, lasts = row["verdicts"], row["firsts"], row["lasts"]
        numbers, offset = row["numbers"], 0
        head: int = max(
            (last for verdict, last in zip(verdicts, lasts, strict=True) if verdict == "ok"),
            default=row["head"],
        )
        held: list[Prepared] = []
        for item, verdict, detail, first, last, answer in zip(
            batch, verdicts, row["details"], firsts, lasts, row["answers"], strict=True
        ):
            match verdict:
                case "ok":
                    count = len(item.rows)
                    own = (None,) * count if numbers is None else tuple(numbers[offset : offset + count])
                    offset += count
                    item.settle(
                        Appended(first, last, row["recorded_at"], own, item.append.answer, False, head)
                    )
                case "seen":
                    item.settle(Appended(first, last, row["recorded_at"], (), answer, True, head))
                case "reused":
                    item.fail(CommandReused())
                case "moved":
                    item.fail(VersionConflict(detail))
                case "date":
                    item.fail(IssueDateBeforeLast(detail))
                case _:
                    held.append(item)
        if held:
            self._return(held)
        return head

    async def _one_by_one(self, batch: Sequence[Prepared], error: Exception) -> None:
        """The server refused the whole call, for instance for a malformed value: find whose fault it is."""
        if len(batch) == 1:
            batch[0].fail(refusal(error))
            return
        for item in batch:
            await self._deliver([item])

    async def _without_stored(self, batch: Sequence[Prepared]) -> list[Prepared]:
        """Settle those that the lost connection did commit; the others, to be sent again.

        One that is still being committed is not seen here: sending it again waits for the lock, and then the
        database recognises its command id.
        """
        connection = await connect(
            self._dsn, application_name="encours appender recovery", statement_timeout="5s"
        )
        try:
            rows = await connection.fetch(
                _STORED,
                batch[0].ledger_id,
                [item.append.command_id for item in batch],
            )
        finally:
            await connection.close(timeout=2)
        stored = {row["command_id"]: row for row in rows}
        for item in batch:
            if (row := stored.get(item.append.command_id)) is None:
                continue
            if row["fingerprint"] == item.append.fingerprint:
                last = row["last_position"]
                item.settle(
                    Appended(row["first_position"], last, row["recorded_at"], (), row["answer"], True, last)
                )
            else:
                item.fail(CommandReused())
        return [item for item in batch if item.append.command_id not in stored]

    async def _disconnect(self) -> None:
        connection, self._connection, self._statement = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)


def refusal(error: Exception) -> Exception:
    """The server's error as a problem for the caller."""
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return FamilyRefused(str(error))
    if isinstance(
        error, asyncpg.QueryCanceledError | asyncpg.LockNotAvailableError | asyncpg.InsufficientResourcesError
    ):
        return LedgerUnavailable(f"The ledger is overloaded: {error}.")
    return AppendRefused(str(error))
