"""Heads of ledgers, with one query for concurrent callers."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from encours.ledger.model import Head
from encours.ledger.reader import Reader


class Heads:
    """Last positions. A query begins after the call that it answers, so that it sees all that was stored before.

    Per ledger one query runs and one waits; calls in the meantime share the waiting one.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._waiting: dict[int, asyncio.Task[Head]] = {}
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._seen: dict[int, int] = {}

    async def now(self, ledger_id: int) -> Head:
        """Return the last position. Raises LedgerUnavailable."""
        task = self._waiting.get(ledger_id)
        if task is None:
            task = self._waiting[ledger_id] = asyncio.create_task(self._look_up(ledger_id))
            task.add_done_callback(_retrieve)
        return await asyncio.shield(task)

    def seen(self, ledger_id: int) -> int:
        """Return the last position that this process has seen, or 0, without a query."""
        return self._seen.get(ledger_id, 0)

    def note(self, ledger_id: int, position: int) -> None:
        """Note a position that this process has stored."""
        self._seen[ledger_id] = position

    async def _look_up(self, ledger_id: int) -> Head:
        async with self._turns[ledger_id]:
            del self._waiting[ledger_id]
            head = await self._reader.head(ledger_id)
            self._seen[ledger_id] = head.position
            return head


def _retrieve(task: asyncio.Task[Head]) -> None:
    """Retrieve the exception even if every caller was cancelled; asyncio would report it otherwise."""
    if not task.cancelled():
        task.exception()
