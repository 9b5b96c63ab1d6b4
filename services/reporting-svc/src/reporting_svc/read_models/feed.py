"""The ledger's events as they are, by position, for people and programs outside: pages and a live tail.

Read from the ledger itself, not from a read model, so the feed is never behind and never interprets.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import msgspec

from encours.kernel.errors import DomainError
from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.ledger.reader import COLUMNS, Reader
from encours.reading.where import Arguments

WINDOW = 20_000
"""Positions that one page looks through at most: a rare type must not make one request read the whole ledger."""
POLL_S = 0.1
MAX_TAILS = 200
TAIL_PAGE = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """Events that the reader wants to see, and may see. Nothing set is everything."""

    types: tuple[str, ...] = ()
    stream: str | None = None
    entities: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events in order; ``upto`` is the position to go on after, and ``end`` whether the ledger ended there."""

    events: list[dict[str, Any]]
    upto: int
    end: bool


def event_json(row: asyncpg.Record) -> dict[str, Any]:
    """An event with its header. ``data`` are the stored bytes themselves, whatever version they are."""
    return {
        "position": row["position"],
        "stream": row["stream"],
        "version": row["version"],
        "type": row["type"],
        "schema_version": row["schema_version"],
        "entity": row["entity"] or None,
        "event_id": str(row["event_id"]),
        "effective_on": row["effective_on"].isoformat(),
        "recorded_at": row["recorded_at"].isoformat().replace("+00:00", "Z"),
        "actor": row["actor"],
        "reason": row["reason"],
        "correlation_id": _text(row["correlation_id"]),
        "causation_id": _text(row["causation_id"]),
        "traceparent": row["traceparent"],
        "command_id": str(row["command_id"]),
        "data": msgspec.Raw(row["data"]),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@dataclass(slots=True)
class Feed:
    """Feed of one process. ``tails`` counts the live readers, each of which costs a little for as long as it stays."""

    ledger: Ledger
    reader: Reader
    tails: int = 0
    _heads: dict[str, int] = field(default_factory=dict)
    _moved: dict[str, asyncio.Condition] = field(default_factory=dict)
    _pollers: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _waiting: dict[str, int] = field(default_factory=dict)

    async def page(
        self, ledger: str, after: int, limit: int, wanted: Filter, upto: int | None = None
    ) -> FeedPage:
        """Events behind ``after`` that pass the filter, at most ``limit``, not beyond ``upto`` or the head."""
        head = (await self.ledger.head(ledger)).position if upto is None else upto
        last = min(head, after + WINDOW) if wanted.stream is None else head
        args = Arguments([(await self.ledger.info(ledger)).id, after, last])
        conditions, order = ["position > $2 and position <= $3"], "position"
        if wanted.types:
            conditions.append(f"type = any({args.add(list(wanted.types))}::text[])")
        if wanted.entities is not None:
            conditions.append(f"entity = any({args.add(list(wanted.entities))}::text[])")
        if wanted.stream is None:
            conditions.append("ledger = $1")
        else:
            # Versions rise with positions; in their order the index of streams answers, not the whole ledger.
            conditions.append(f"ledger + 0 = $1 and stream = {args.add(wanted.stream)}")
            order = "version"
        rows = await self.reader.fetch(
            f"select {COLUMNS} from ledger.event where {' and '.join(conditions)}"
            f" order by {order} limit {args.add(limit)}",
            *args,
        )
        full = len(rows) == limit
        reached = rows[-1]["position"] if full else max(after, last)
        return FeedPage([event_json(row) for row in rows], reached, end=reached >= head)

    async def at(self, ledger: str, positions: list[int]) -> dict[int, asyncpg.Record]:
        """The events at these positions."""
        rows = await self.reader.fetch(
            f"select {COLUMNS} from ledger.event where ledger = $1 and position = any($2::bigint[])",
            (await self.ledger.info(ledger)).id,
            positions,
        )
        return {row["position"]: row for row in rows}

    async def tail(self, ledger: str, after: int, wanted: Filter) -> AsyncGenerator[FeedPage, None]:
        """Pages as the ledger grows, without end. An empty page only moves the position on."""
        while True:
            page = await self.page(ledger, after, TAIL_PAGE, wanted)
            if page.upto > after:
                after = page.upto
                yield page
            if page.end:
                await self._beyond(ledger, after)

    async def _beyond(self, ledger: str, position: int) -> None:
        """Wait until the ledger is longer than that. One poller a ledger serves every tail of the process."""
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
                await asyncio.sleep(1)  # the ledger is away; tails hear of it by silence, heartbeats go on
            async with moved:
                moved.notify_all()
            await asyncio.sleep(POLL_S)

    async def close(self) -> None:
        """End the pollers."""
        await end(self._pollers.values())
