"""Recorders of the `eventsourcing` library on the ledger.

:class:`LedgerRecorder` is the recorder, on asyncio. As the library is synchronous, the classes below it are synchronous
wrappers with an event loop in a thread. Services do not use them. Only the library's conformance tests write through
them.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    ProgrammingError,
    StoredEvent,
)

from encours.kernel.errors import DomainError
from encours.kernel.ids import uuid7
from encours.ledger.client import Ledger
from encours.ledger.errors import CommandReused, LedgerUnavailable, VersionConflict
from encours.ledger.model import Append, NewEvent, RawEvent
from encours.ledger.reader import SET_ASIDE, set_aside_in
from encours.replay.topics import topic_of, type_of

T = TypeVar("T")
_FROM_ZERO = "~0"
"""The library lets a sequence start at version 0, a stream of the ledger starts at 1: such a sequence is kept
one version higher, in a stream of this suffix."""
_POLL_S = 0.02
_CALL_TIMEOUT_S = 60

_COLUMNS = """position, stream, version, type, schema_version, entity, event_id, effective_on, recorded_at, actor,
  command_id, reason, correlation_id, causation_id, traceparent, data"""
_EVENTS = f"""select {_COLUMNS} from ledger.event
  where ledger + 0 = $1 and stream = any ($2::text[])
    and version - case when stream like '%~0' then 1 else 0 end > $3::bigint
    and version - case when stream like '%~0' then 1 else 0 end <= $4::bigint
    and position <= $6
  order by version {{direction}} limit $5::bigint"""
_STREAMS = f"""select {_COLUMNS} from ledger.event
  where ledger + 0 = $1 and stream = any ($2::text[]) and position <= $3 order by stream, version"""
_NAMES = """select stream from ledger.event
  where ledger + 0 = $1 and version = 1 and stream > $2 and position <= $3 order by stream limit $4"""
_NOTIFICATIONS = f"""select {_COLUMNS} from ledger.event
  where ledger = $1 and position >= $2 and position <= $3 and (cardinality($4::text[]) = 0 or type = any ($4))
  order by position limit $5"""
_AT = "select stream, version from ledger.event where ledger = $1 and position = any ($2::bigint[])"
_NO_LIMIT = 2**62


@dataclass(frozen=True, eq=False)
class LedgerEvent(StoredEvent):
    """A stored event with its row, which holds what the ledger notes beside the payload. It equals the library's
    own stored event of the same content."""

    row: asyncpg.Record | None = field(default=None, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredEvent) and _content(self) == _content(other)

    def __hash__(self) -> int:
        return hash(_content(self))


@dataclass(frozen=True)
class LedgerNotification(Notification):
    """A notification with its row; its id is the position."""

    row: asyncpg.Record | None = field(default=None, repr=False, compare=False)


def _content(event: StoredEvent) -> tuple[object, ...]:
    return event.originator_id, event.originator_version, event.topic, event.state


class LedgerRecorder:
    """Stored events of the library in one ledger, those after position ``upto`` left out. Errors are the
    library's own."""

    def __init__(self, ledger: Ledger, name: str, *, upto: int | None = None) -> None:
        self._ledger = ledger
        self._name = name
        self._upto = _NO_LIMIT if upto is None else upto
        self._from_zero: set[str] = set()

    async def insert_events(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        """Append them as one command, all or none; their positions."""
        if not stored_events:
            return []
        await self._find_those_from_zero(stored_events)
        today = datetime.now(UTC).date()
        events = tuple(
            NewEvent(
                *self._place(event),
                RawEvent(*type_of(event.topic), event.state),
                "",
                today,
                uuid7(),
            )
            for event in stored_events
        )
        append = Append(
            ledger=self._name, command_id=uuid7(), fingerprint=b"recorder", events=events, actor="recorder"
        )
        try:
            done = await self._ledger.append(append)
        except (VersionConflict, CommandReused) as conflict:
            raise IntegrityError(str(conflict)) from conflict
        except LedgerUnavailable as away:
            raise OperationalError(str(away)) from away
        except DomainError as refused:
            raise ProgrammingError(str(refused)) from refused
        return list(range(done.first_position, done.last_position + 1))

    async def _find_those_from_zero(self, stored_events: Sequence[StoredEvent]) -> None:
        unknown = {str(event.originator_id) for event in stored_events} - self._from_zero
        starting = {str(event.originator_id) for event in stored_events if event.originator_version == 0}
        self._from_zero |= starting
        if older := sorted(unknown - starting):
            heads = await self._ledger.versions(self._name, [name + _FROM_ZERO for name in older])
            self._from_zero |= {name for name in older if heads[name + _FROM_ZERO]}

    def _place(self, event: StoredEvent) -> tuple[str, int]:
        stream = str(event.originator_id)
        if stream in self._from_zero:
            return stream + _FROM_ZERO, event.originator_version + 1
        return stream, event.originator_version

    async def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """Events of one sequence with ``gt`` < version ≤ ``lte``."""
        rows = await self._query(
            _EVENTS.format(direction="desc" if desc else "asc"),
            [str(originator_id), str(originator_id) + _FROM_ZERO],
            -1 if gt is None else gt,
            _NO_LIMIT if lte is None else lte,
            _NO_LIMIT if limit is None else limit,
            self._upto,
        )
        return [
            LedgerEvent(
                originator_id=originator_id,
                originator_version=row["version"] - row["stream"].endswith(_FROM_ZERO),
                topic=topic_of(row["type"], row["schema_version"]),
                state=row["data"],
                row=row,
            )
            for row in rows
        ]

    async def select_streams(self, streams: Sequence[str]) -> dict[str, list[StoredEvent]]:
        """Events of several streams in one query, each in order; a stream without events has none."""
        found: dict[str, list[StoredEvent]] = {stream: [] for stream in streams}
        for row in await self._query(_STREAMS, streams, self._upto):
            topic = topic_of(row["type"], row["schema_version"])
            event = LedgerEvent(row["stream"], row["version"], topic, row["data"], row)
            found[row["stream"]].append(event)
        return found

    async def set_aside(self) -> dict[str, set[int]]:
        """Versions, by stream, of the events that an operator has set aside."""
        found: dict[str, set[int]] = {}
        for row in await self._query(_AT, sorted(set_aside_in(await self._query(SET_ASIDE)))):
            found.setdefault(row["stream"], set()).add(row["version"])
        return found

    async def stream_names(self, after: str, limit: int) -> list[str]:
        """A page of the ids of all streams, in the database's order."""
        return [row["stream"] for row in await self._query(_NAMES, after, self._upto, limit)]

    async def select_notifications(
        self, start: int | None, limit: int, stop: int | None, topics: Sequence[str], inclusive_of_start: bool
    ) -> list[Notification]:
        """Events in the order of positions; with ``topics`` only those."""
        first = 0 if start is None else start if inclusive_of_start else start + 1
        types = [type_of(topic)[0] for topic in topics]
        last = self._upto if stop is None else min(stop, self._upto)
        rows = await self._query(_NOTIFICATIONS, first, last, types, limit)
        return [
            LedgerNotification(
                id=row["position"],
                originator_id=_originator(row["stream"].removesuffix(_FROM_ZERO)),
                originator_version=row["version"] - row["stream"].endswith(_FROM_ZERO),
                topic=topic_of(row["type"], row["schema_version"]),
                state=row["data"],
                row=row,
            )
            for row in rows
        ]

    async def max_notification_id(self) -> int | None:
        """The last position; None while the ledger is empty."""
        try:
            head = await self._ledger.head(self._name)
        except LedgerUnavailable as away:
            raise OperationalError(str(away)) from away
        return min(head.position, self._upto) or None

    async def _query(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        try:
            ledger = await self._ledger.info(self._name)
            return await self._ledger.query(sql, ledger.id, *arguments)
        except LedgerUnavailable as away:
            raise OperationalError(str(away)) from away


def _originator(stream: str) -> UUID | str:
    with contextlib.suppress(ValueError):
        found = UUID(stream)
        if str(found) == stream:
            return found
    return stream


class LoopThread:
    """An event loop in a thread, and a ledger on it, for synchronous callers."""

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ledger-loop", daemon=True)
        self._thread.start()
        self.ledger = self.run(Ledger.open(dsn))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the loop and wait for the result."""
        return self.start(work).result(_CALL_TIMEOUT_S)

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run on the loop without waiting."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Close the ledger and end the thread. May be called again."""
        if self._loop.is_closed() or sys.is_finalizing():  # at the end of the process its thread does not run
            return
        self.run(self.ledger.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


class SyncAggregateRecorder(AggregateRecorder):
    """Aggregate sequences only: it returns no positions, as the library has it."""

    def __init__(self, loop: LoopThread, name: str, *, upto: int | None = None) -> None:
        self.loop = loop
        self.recorder = LedgerRecorder(loop.ledger, name, upto=upto)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        self.loop.run(self.recorder.insert_events(stored_events))
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        return self.loop.run(
            self.recorder.select_events(originator_id, gt=gt, lte=lte, desc=desc, limit=limit)
        )


class SyncRecorder(SyncAggregateRecorder, ApplicationRecorder):
    """Aggregate sequences and the one sequence of the whole ledger."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        return self.loop.run(self.recorder.insert_events(stored_events))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        return self.loop.run(
            self.recorder.select_notifications(start, limit, stop, topics, inclusive_of_start)
        )

    def max_notification_id(self) -> int | None:
        return self.loop.run(self.recorder.max_notification_id())

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> RecorderSubscription:
        return RecorderSubscription(self, gt, topics)


class RecorderSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """Subscription that polls the ledger's head: a NOTIFY inside the append would slow down every writer."""

    def __init__(self, recorder: SyncRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._watch = recorder.loop.start(self._watch_head(recorder.recorder))

    async def _watch_head(self, recorder: LedgerRecorder) -> None:
        seen = None
        while True:
            head = await recorder.max_notification_id()
            if head != seen:
                seen = head
                self._has_been_notified.set()
            await asyncio.sleep(_POLL_S)

    def stop(self) -> None:
        """End the iteration."""
        super().stop()
        watch = getattr(self, "_watch", None)  # the base class may stop while it is still being made
        if watch is not None:
            watch.cancel()
