"""Heads of ledgers, one query for all who ask at the same time."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from encours.ledger.model import Head
from encours.ledger.reader import Reader


class Heads:
    """Each look-up begins after its call, so that it sees all that was stored before the call.

    One query per ledger is on its way and one waits for it: calls that come meanwhile share the waiting one.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._waiting: dict[int, asyncio.Task[Head]] = {}
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._seen: dict[int, int] = {}

    async def now(self, ledger_id: int) -> Head:
        """The last position now. Raises LedgerUnavailable."""
        task = self._waiting.get(ledger_id)
        if task is None:
            task = self._waiting[ledger_id] = asyncio.create_task(self._look_up(ledger_id))
            task.add_done_callback(_retrieve)
        return await asyncio.shield(task)

    def seen(self, ledger_id: int) -> int:
        """The last position that this process has seen, without a look-up; 0 if it has seen none."""
        return self._seen.get(ledger_id, 0)

    def note(self, ledger_id: int, position: int) -> None:
        """A position that this process has stored."""
        self._seen[ledger_id] = position

    async def _look_up(self, ledger_id: int) -> Head:
        async with self._turns[ledger_id]:
            del self._waiting[ledger_id]
            head = await self._reader.head(ledger_id)
            self._seen[ledger_id] = head.position
            return head


def _retrieve(task: asyncio.Task[Head]) -> None:
    """Take the exception even if every caller has given up, lest asyncio report it as never retrieved."""
    if not task.cancelled():
        task.exception()
