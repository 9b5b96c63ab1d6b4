"""Group commit: appends that wait at the same time are stored in one transaction.

This makes the ledger's lock cheap. Up to :data:`CONNECTIONS` batches are sent at once. They wait for each other at the
lock, but while the database works on one of them, this process reads the answers of another and collects the next.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence

from encours.ledger.appending.connection import AppendConnection
from encours.ledger.appending.wire import Prepared
from encours.ledger.errors import LedgerUnavailable
from encours.ledger.model import Appended

BATCH_EVENTS = 256
CONNECTIONS = 2
BALANCE = 0.75
"""Smallest size of a batch that is sent beside another one, as a share of that one's size: each batch costs a
commit.
"""
SPLIT_EVENTS = 12
SPLIT_EVENTS_SLOW = 96
"""Smallest size of such a batch in events, for fast and for slow commits. A second connection gave 26 % more at 32
callers on a fast disk and 45 % more at 256 on any; at 32 on a slow disk it would cost 6 %."""
SLOW_COMMIT_S = 0.0008
QUEUE_EVENTS = 20_000
"""Most events that wait in one process, under a second of work; further callers get 503 with Retry-After."""
TIMEOUT_S = 8.0
"""Longest time that an append may wait for a ledger that does not answer."""

Listener = Callable[[int, int], None]
"""Callback with a ledger's id and its head, after a batch was stored."""


class Appender:
    """Queue of a process, and the connections that send from it."""

    def __init__(
        self,
        dsn: str,
        *,
        connections: int = CONNECTIONS,
        batch_events: int = BATCH_EVENTS,
        queue_events: int = QUEUE_EVENTS,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._batch_events = batch_events
        self._queue_events = queue_events
        self._timeout_s = timeout_s
        self._queues: dict[int, deque[Prepared]] = {}
        self._waiting_events = 0
        self._closing = False
        self._loop = asyncio.get_running_loop()
        self._connections = [
            AppendConnection(dsn, postponed=self._put_back, stored=self._stored, lost=self._give_up_waiting)
            for _ in range(connections)
        ]
        self._tasks = [
            asyncio.create_task(self._run(connection), name="ledger-appender")
            for connection in self._connections
        ]
        self.listeners: list[Listener] = []
        # The least of the last ones: a busy event loop makes single ones look longer than they were.
        self._outside_s: deque[float] = deque(maxlen=64)
        self._least_split = SPLIT_EVENTS_SLOW

    async def append(self, item: Prepared) -> Appended:
        """Queue an append and wait for its result. Raises its refusal, or :class:`LedgerUnavailable` if the ledger is
        unavailable until its deadline."""
        self.submit(item)
        return await item.done

    def submit(self, item: Prepared) -> None:
        """Queue an append; ``item.done`` has the result. Raises :class:`LedgerUnavailable` if the queue is full."""
        self._make_room(item.size)
        self._queue(item)
        self._wake()

    def submit_together(self, items: Sequence[Prepared]) -> None:
        """Queue appends of one ledger, to be stored by one batch in their order. Raises as :meth:`submit`."""
        self._make_room(sum(item.size for item in items))
        group = object()
        for item in items:
            item.group = group
            self._queue(item)
        self._wake()

    def _make_room(self, size: int) -> None:
        if self._closing:
            raise LedgerUnavailable("This process is stopping.")
        if self._waiting_events and self._waiting_events + size > self._queue_events:
            raise LedgerUnavailable("Too many commands are waiting for the ledger.")

    def _queue(self, item: Prepared) -> None:
        item.deadline = self._loop.time() + self._timeout_s
        queue = self._queues.get(item.ledger_id)
        if queue is None:
            queue = self._queues[item.ledger_id] = deque()
        queue.append(item)
        self._waiting_events += item.size

    async def close(self) -> None:
        """Store the waiting appends, then disconnect."""
        self._closing = True
        for connection in self._connections:
            connection.wake.set()
        _, late = await asyncio.wait(self._tasks, timeout=self._timeout_s + 2)
        for task in late:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for connection in self._connections:
            await connection.disconnect()

    def _wake(self) -> None:
        """Wake an idle connection if enough appends wait for a batch."""
        for connection in self._connections:
            if not connection.events:
                if not connection.wake.is_set() and self._worth_a_batch(connection):
                    connection.wake.set()
                return

    async def _run(self, connection: AppendConnection) -> None:
        while not (self._closing and not self._queues):
            await connection.wake.wait()
            connection.wake.clear()
            while self._worth_a_batch(connection):
                batch = self._next_batch()
                connection.events = sum(item.size for item in batch)
                self._wake()
                await connection.deliver(batch)

    def _worth_a_batch(self, connection: AppendConnection) -> bool:
        if not self._waiting_events:
            return False
        on_its_way = sum([other.events for other in self._connections]) - connection.events
        if not on_its_way or self._closing:
            return True
        return self._waiting_events >= max(self._least_split, on_its_way * BALANCE)

    def _next_batch(self) -> list[Prepared]:
        """Take a batch from the queue: up to 256 events of one ledger, ledgers in turn.

        An append that writes a stream of an earlier one of the batch, or has its command id, waits for the next batch.
        Appends that were submitted together are a batch of their own.
        """
        ledger_id, queue = next(iter(self._queues.items()))
        if queue[0].group is not None:
            return self._next_group(ledger_id, queue)
        limit = self._batch_events
        if self._waiting_events >= 2 * self._least_split and not any(
            connection.events for connection in self._connections
        ):
            limit = min(limit, -(-self._waiting_events // len(self._connections)))
        batch: list[Prepared] = []
        postponed: list[Prepared] = []
        written: set[str] = set()
        ids = set()
        events = 0
        while queue and events < limit:
            item = queue[0]
            if item.group is not None or (batch and events + item.size > self._batch_events):
                break
            # A clock moves alone: every event of its batch is recorded at that instant.
            if batch and (item.append.clock_at is not None or batch[0].append.clock_at is not None):
                break
            queue.popleft()
            if not written.isdisjoint(item.touched) or item.append.command_id in ids:
                postponed.append(item)
                continue
            batch.append(item)
            written |= item.written
            ids.add(item.append.command_id)
            events += item.size
        queue.extendleft(reversed(postponed))
        del self._queues[ledger_id]
        if queue:
            self._queues[ledger_id] = queue
        self._waiting_events -= events
        return batch

    def _next_group(self, ledger_id: int, queue: deque[Prepared]) -> list[Prepared]:
        group = queue[0].group
        batch: list[Prepared] = []
        while queue and queue[0].group is group:
            batch.append(queue.popleft())
        del self._queues[ledger_id]
        if queue:
            self._queues[ledger_id] = queue
        self._waiting_events -= sum(item.size for item in batch)
        return batch

    def _put_back(self, postponed: list[Prepared]) -> None:
        """Put appends back at the front of the queue, in their order."""
        self._queues.setdefault(postponed[0].ledger_id, deque()).extendleft(reversed(postponed))
        self._waiting_events += sum(item.size for item in postponed)

    def _stored(self, ledger_id: int, head: int, outside_s: float) -> None:
        self._outside_s.append(outside_s)
        quick = min(self._outside_s) < SLOW_COMMIT_S
        self._least_split = SPLIT_EVENTS if quick else SPLIT_EVENTS_SLOW
        for listener in self.listeners:
            listener(ledger_id, head)

    def _give_up_waiting(self) -> None:
        """Fail the waiting appends that are past their deadline, while the ledger is unavailable."""
        now = self._loop.time()
        for ledger_id, queue in list(self._queues.items()):
            while queue and queue[0].deadline <= now:
                item = queue.popleft()
                self._waiting_events -= item.size
                item.fail(LedgerUnavailable("The ledger does not answer."))
            if not queue:
                del self._queues[ledger_id]
