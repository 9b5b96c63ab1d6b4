"""Positions of a store's read models, followed as their checkpoints are committed.

Each commit of a checkpoint notifies :data:`~encours.projection.control.CHANNEL`. From the first call on, one connection
per process listens, and positions are answered from memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg

from encours.kernel.tasks import end
from encours.postgres.connection import FAILED
from encours.projection.control import CHANNEL, positions

OnWait = Callable[[str, str], None]
RETRY_S = 0.05
REFRESH_S = 1.0
"""Interval at which positions are read again, for changes without a notification, such as a deleted checkpoint."""


class Checkpoints:
    """Positions of read models by ledger and name. Uses one connection of the pool from the first call on."""

    def __init__(self, pool: asyncpg.Pool, on_wait: OnWait | None = None) -> None:
        """``on_wait(model, ledger)`` is called when a reader begins to wait for a model that is behind."""
        self._pool = pool
        self._on_wait = on_wait
        self._positions: dict[tuple[str, str], int] = {}
        self._moved = asyncio.Event()
        self._closed = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    async def reached(self, model: str, ledger: str, position: int, timeout_s: float) -> bool:
        """Wait until the model's checkpoint is at the position; return false if it is not after ``timeout_s``."""
        self._begin()
        key = (ledger, model)
        if self._on_wait is not None and timeout_s > 0 and self._positions.get(key, position) < position:
            self._on_wait(model, ledger)
        try:
            async with asyncio.timeout(timeout_s):
                while self._positions.get(key, -1) < position:
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    def position(self, model: str, ledger: str) -> int | None:
        """Return the model's position without a query, or None while it is not known."""
        self._begin()
        return self._positions.get((ledger, model))

    def _begin(self) -> None:
        if self._following is None:
            self._following = asyncio.create_task(self._follow(), name="checkpoints")

    async def close(self) -> None:
        """Return the connection to the pool."""
        if self._following is not None:
            await end([self._following])

    async def _follow(self) -> None:
        while True:
            try:
                async with self._pool.acquire() as conn:
                    await self._listen(conn)
            except FAILED:
                pass  # the waiters' own time-outs end their waiting
            self._positions.clear()
            await asyncio.sleep(RETRY_S)

    async def _listen(self, conn: Any) -> None:
        """Listen until the connection is lost."""
        self._closed.clear()
        conn.add_termination_listener(self._on_closed)
        await conn.add_listener(CHANNEL, self._on_moved)
        try:
            while not self._closed.is_set():
                # After LISTEN: what was committed before it is in this read, what comes later is notified.
                self._positions = await positions(conn)
                self._wake()
                try:
                    await asyncio.wait_for(self._closed.wait(), REFRESH_S)
                except TimeoutError:
                    continue
        finally:
            conn.remove_termination_listener(self._on_closed)
            if not conn.is_closed():
                await conn.remove_listener(CHANNEL, self._on_moved)

    def _on_moved(self, _conn: object, _pid: int, _channel: str, payload: object) -> None:
        ledger, model, position = str(payload).split()
        self._positions[ledger, model] = int(position)
        self._wake()

    def _on_closed(self, _conn: object) -> None:
        self._closed.set()

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
