"""Appends of commands that ran side by side, stored in the order of the commands.

Numbers of a series are dated in their order, so of two invoices of one request the earlier has to get its number first,
however long each took to be decided. All that are still at work are sent together as one batch of the group commit;
those that have to be decided again because a stream moved are sent together again. The commands of the next group may
be decided meanwhile; their appends are sent when all before them have ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from encours.ledger.appending.wire import Prepared
from encours.ledger.client import Ledger
from encours.ledger.errors import LedgerUnavailable
from encours.ledger.model import Append, Appended


class InOrder:
    """The appends of some commands, each with its place from 0. A command that has ended must :meth:`leave`.

    Those ``after`` another group are held until they :meth:`begin`.
    """

    def __init__(self, ledger: Ledger, count: int, *, after: InOrder | None = None) -> None:
        self._ledger = ledger
        self._after = after
        self._ended = asyncio.Event()
        self._at_work = set(range(count))
        self._waiting: dict[int, Prepared] = {}

    def append_at(self, place: int) -> Callable[[Append], Coroutine[Any, Any, Appended]]:
        """Return the append of the command at that place, to be given to ``execute``."""

        async def append(append: Append) -> Appended:
            return await self._ledger.append(append, submit=lambda item: self._wait(place, item))

        return append

    async def begin(self) -> None:
        """Wait until the commands of the group before have ended; from then on appends are sent."""
        if self._after is not None:
            await self._after._ended.wait()
            self._after = None
            self._send_if_complete()

    def leave(self, place: int) -> None:
        """Note that the command at that place appends nothing more. Repeating it changes nothing."""
        self._at_work.discard(place)
        self._waiting.pop(place, None)
        if not self._at_work:
            self._ended.set()
        self._send_if_complete()

    def _wait(self, place: int, item: Prepared) -> None:
        self._waiting[place] = item
        self._send_if_complete()

    def _send_if_complete(self) -> None:
        if self._after is not None or not self._waiting or len(self._waiting) < len(self._at_work):
            return
        items = [item for _, item in sorted(self._waiting.items())]
        self._waiting.clear()
        try:
            self._ledger.submit_together(items)
        except LedgerUnavailable as unavailable:
            for item in items:
                item.fail(unavailable)
