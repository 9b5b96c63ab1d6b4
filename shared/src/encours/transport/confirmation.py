"""Events that came over NATS and are not believed yet: the ledger confirms a batch of them by one digest.

Who may publish to the stream is a matter of NATS' permissions; what is believed is not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import NamedTuple

import structlog

from encours.ledger import Ledger
from encours.ledger.digest import digest_of
from encours.ledger.stored import StoredEvent, event_of

BATCH = 1024
REMEMBERED = 10_000
LOG_EVERY_S = 1.0

log = structlog.get_logger("encours.tail")


class Judged(NamedTuple):
    """A batch that the ledger was asked about. ``forged`` are those that it does not have so.

    ``stale``: the ledger was changed for another meanwhile, and the batch means nothing.
    """

    events: list[StoredEvent]
    forged: list[StoredEvent]
    stale: bool


class Unconfirmed:
    """Events in order and without holes, from the one after the last that is believed."""

    def __init__(self, ledger: Ledger, name: str) -> None:
        self._ledger = ledger
        self._name = name
        self._events: list[StoredEvent] = []
        self._arrived = asyncio.Event()
        self._round = 0

    def __len__(self) -> int:
        return len(self._events)

    def last(self, believed: int) -> int:
        """The last position that is here; ``believed`` when none is."""
        return self._events[-1].position if self._events else believed

    def add(self, event: StoredEvent) -> None:
        """One more, which follows :meth:`last`."""
        self._events.append(event)
        self._arrived.set()

    def forget(self, upto: int | None = None) -> None:
        """Drop the events up to a position, which are believed already or never will be; all without one."""
        if upto is None:
            self._events.clear()
            self._round += 1
        elif self._events:
            del self._events[: max(0, upto + 1 - self._events[0].position)]

    async def judged(self) -> Judged:
        """Wait for events and ask the ledger about a batch of them. They stay here until :meth:`forget`.

        Raises LedgerUnavailable.
        """
        while not self._events:
            self._arrived.clear()
            await self._arrived.wait()
        batch, began = self._events[:BATCH], self._round
        after, upto = batch[0].position - 1, batch[-1].position
        if _digest(batch) == await self._ledger.digest(self._name, after, upto):
            return Judged(batch, [], began != self._round)
        forged = await self._forged(batch)
        return Judged(batch, forged, began != self._round)

    async def _forged(self, batch: list[StoredEvent]) -> list[StoredEvent]:
        rows = await self._ledger.read_raw(
            self._name, batch[0].position - 1, len(batch), upto=batch[-1].position
        )
        true = {row["position"]: digest_of([event_of(row, self._name)]) for row in rows}
        return [event for event in batch if true.get(event.position) != _digest([event])]


def _digest(claimed: list[StoredEvent]) -> bytes:
    """Their digest, which matches nothing when no row could hold one of them."""
    try:
        return digest_of(claimed)
    except ValueError:
        return b""


class Forgeries:
    """Messages of a stream that are not the ledger's events, each counted once and logged once a second."""

    def __init__(self, ledger: str) -> None:
        self._ledger = ledger
        self._seen: set[tuple[int, int]] = set()
        self._logged_at = -LOG_EVERY_S
        self.count = 0
        self.last_position = 0

    def add(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Take note of messages by their sequence number and body, and sound the alarm for those that are new."""
        new = {(position, hash(body)) for position, body in messages} - self._seen
        if not new:
            return
        if len(self._seen) + len(new) > REMEMBERED:
            self._seen.clear()
        self._seen |= new
        self.count += len(new)
        self.last_position = max(position for position, _ in new)
        if time.monotonic() - self._logged_at >= LOG_EVERY_S:
            self._logged_at = time.monotonic()
            log.error(
                "forged messages in the stream: not believed, the ledger is read instead",
                ledger=self._ledger,
                count=self.count,
                position=self.last_position,
            )
