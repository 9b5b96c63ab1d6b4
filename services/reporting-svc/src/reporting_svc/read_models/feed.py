"""Event feed: the ledger's events by position, as pages and as a live stream.

The feed reads the ledger itself and no read model, so it has no lag.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from encours.contracts import types
from encours.kernel.errors import DomainError, Invalid
from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.ledger.reader import COLUMNS, Reader
from encours.reading.where import Where

WINDOW = 20_000
"""Most positions that a page reads: a request for a rare type must not read the whole ledger."""
POLL_S = 0.1
MAX_TAILS = 200
TAIL_PAGE = 200
StoredEvent = Mapping[str, Any]
"""An event as the ledger stores it: a value for each column."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Events that a reader asks for, within its grant; the default is all of them."""

    types: tuple[str, ...] = ()
    stream: str | None = None
    entities: tuple[str, ...] | None = None


def matching_types(wanted: Iterable[str], pointer: str = "/type") -> tuple[str, ...]:
    """Return the event types that names and families such as ``invoice.*`` stand for; none for all.

    Raises :class:`Invalid` for a name that stands for nothing.
    """
    known, names = types(), set[str]()
    for name in wanted:
        family = {each for each in known if name.endswith(".*") and each.startswith(name[:-1])}
        if not family and name not in known:
            raise Invalid(f"There is no event type {name[:60]!r}; families are written invoice.*.", pointer)
        names |= family or {name}
    return tuple(sorted(names))


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events in order, as the ledger stores them. Go on after ``upto``; ``end``: the ledger ended there."""

    events: list[StoredEvent]
    upto: int
    end: bool


@dataclass(slots=True)
class Feed:
    """Feed of one process. ``tails`` counts the live readers."""

    ledger: Ledger
    reader: Reader
    tails: int = 0
    _heads: dict[str, int] = field(default_factory=dict)
    _moved: dict[str, asyncio.Condition] = field(default_factory=dict)
    _pollers: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _waiting: dict[str, int] = field(default_factory=dict)

    async def page(
        self, ledger: str, after: int, limit: int, wanted: EventFilter, upto: int | None = None
    ) -> FeedPage:
        """Return events after ``after`` that match the filter, at most ``limit``, up to ``upto`` or the head."""
        head = (await self.ledger.head(ledger)).position if upto is None else upto
        last = min(head, after + WINDOW) if wanted.stream is None else head
        number = (await self.ledger.info(ledger)).id
        where = Where(wanted.entities, entity="entity").among("type", wanted.types or None)
        where.add("position > {} and position <= {}", after, last)
        if wanted.stream is None:
            where.add("ledger = {}", number)
            order = "position"
        else:
            # Versions rise with positions; in their order the index of streams answers, not the whole ledger.
            where.add("ledger + 0 = {} and stream = {}", number, wanted.stream)
            order = "version"
        rows = await self.reader.fetch(
            f"select {COLUMNS} from ledger.event where {where.sql} order by {order} limit {int(limit)}",
            *where.arguments,
        )
        full = len(rows) == limit
        reached = rows[-1]["position"] if full else max(after, last)
        return FeedPage(cast("list[StoredEvent]", rows), reached, end=reached >= head)

    async def at(self, ledger: str, positions: list[int]) -> dict[int, StoredEvent]:
        """Return the events at these positions."""
        rows = await self.reader.fetch(
            f"select {COLUMNS} from ledger.event where ledger = $1 and position = any($2::bigint[])",
            (await self.ledger.info(ledger)).id,
            positions,
        )
        return {row["position"]: row for row in cast("list[StoredEvent]", rows)}

    async def tail(self, ledger: str, after: int, wanted: EventFilter) -> AsyncGenerator[FeedPage, None]:
        """Iterate over pages without end, as events are recorded. An empty page only advances the position."""
        while True:
            page = await self.page(ledger, after, TAIL_PAGE, wanted)
            if page.upto > after:
                after = page.upto
                yield page
            if page.end:
                await self._beyond(ledger, after)

    async def heads(self, ledger: str) -> AsyncGenerator[int, None]:
        """Iterate without end over positions of the ledger's head: the present one, then a later one at each step."""
        head = (await self.ledger.head(ledger)).position
        while True:
            yield head
            await self._beyond(ledger, head)
            head = self._heads[ledger]

    async def _beyond(self, ledger: str, position: int) -> None:
        """Wait until the ledger is beyond a position. One poller per ledger serves all live readers of the process."""
        moved = self._moved.setdefault(ledger, asyncio.Condition())
        self._waiting[ledger] = self._waiting.get(ledger, 0) + 1
        try:
            if ledger not in self._pollers or self._pollers[ledger].done():
                self._pollers[ledger] = asyncio.create_task(self._poll(ledger, moved))
            async with moved:
                await moved.wait_for(lambda: self._heads.get(ledger, 0) > position)
        finally:
            self._waiting[ledger] -= 1

    async def _poll(self, ledger: str, moved: asyncio.Condition) -> None:
        while self._waiting[ledger]:
            try:
                self._heads[ledger] = (await self.ledger.head(ledger)).position
            except DomainError:
                await asyncio.sleep(1)  # the ledger is unavailable; streams send heartbeats only
            async with moved:
                moved.notify_all()
            await asyncio.sleep(POLL_S)

    async def close(self) -> None:
        """End the pollers."""
        await end(self._pollers.values())
