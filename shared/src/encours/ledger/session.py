"""One attempt at a command: it loads streams, and emits events that the append stores whole or not at all.

States may come from the process's cache: the append checks the version of every stream that was read, and a refusal
is only believed after fresh reads (:mod:`encours.ledger.execute`). What a use case looks up elsewhere, in a read
model or a table, it asks through :meth:`Session.ask`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar, TypeVarTuple, Unpack

import msgspec

from encours.contracts import Event, Recorded
from encours.kernel.ids import uuid7
from encours.ledger.client import Ledger
from encours.ledger.command import CommandMeta, Result
from encours.ledger.errors import CommandReused, EntityNotGranted
from encours.ledger.model import Append, Appended, Clock, Guard, NewEvent, NumberStep, StoredCommand
from encours.ledger.states import Folded, Folder

S = TypeVar("S")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Expect = Callable[[str, int], None]
"""Called with the id and version of each stream that is loaded; raises where the caller saw another version."""


class Session:
    """One attempt at a command: what it read, and what it wants to append."""

    def __init__(
        self, ledger: Ledger, meta: CommandMeta, epoch: int, *, fresh: bool, expect: Expect | None = None
    ) -> None:
        self.meta = meta
        self.used_cache = False
        self._ledger = ledger
        self._epoch = epoch
        self._fresh = fresh
        self._expect = expect
        self._asked = False
        self._day: date | None = None
        self._states: dict[tuple[str, Folder[Any]], Folded[Any]] = {}
        self._heads: dict[str, int] = {}
        self._guarded: set[str] = set()
        self._counts: dict[str, int] = {}
        self.events: list[NewEvent] = []
        self.outcome: Result | None = None

    @property
    def today(self) -> date:
        """The business date of the entity whose streams were read; the ledger's before, and for reactions and jobs."""
        return self._day or self.meta.today

    async def get(self, folder: Folder[S], stream: str) -> S:
        """Load a stream that exists. Raises the folder's refusal (``missing``) if it does not."""
        state = await self.load(folder, stream)
        if not self.version(stream):
            assert folder.missing is not None, "this folder names no refusal for a stream that does not exist"
            raise folder.missing(stream)
        return state

    async def ask(self, query: Callable[[Unpack[Ts]], Awaitable[T]], *arguments: *Ts) -> T:
        """The answer of a query to something that no stream of the ledger holds, such as a read model.

        A repetition of a stored command ends here with its first result, before anything is searched.
        """
        if not self._asked and not self.meta.id_is_new and not self.meta.dry_run:
            self._asked = True
            if (first := await self.find_first_run()) is not None:
                raise Repeated(first)
        return await query(*arguments)

    async def find_first_run(self) -> StoredCommand | None:
        """Return what is stored under the command's id. Raises :class:`CommandReused` if that was another command."""
        stored = await self._ledger.find_command(self.meta.ledger, self.meta.command_id)
        if stored is not None and stored.fingerprint != self.meta.fingerprint:
            raise CommandReused
        return stored

    def begin(self, stream: str, *, version: int = 0) -> None:
        """Emit to this stream from that version on, without reading it; the append refuses if it is at another."""
        self._heads[stream] = version

    async def load(self, folder: Folder[S], stream: str, *, guard: bool = True) -> S:
        """The stream's state, including what this session has emitted to it (those with position 0, as they
        have none yet).

        With ``guard`` the append is refused, and the work run again, if anybody moved the stream in between;
        without it the state may be a little old. Raises :class:`EntityNotGranted` before anything of it is disclosed,
        with the folder's refusal for a stream that does not exist.
        """
        known = self._known(folder, stream, guard=guard)
        state, version, entity = await self._read(folder, stream) if known is None else known
        if entity is not None:
            if not self._covers(entity):
                raise EntityNotGranted(entity, None if folder.missing is None else folder.missing(stream))
            if self._day is None:
                await self._stand_in(entity)
        if self._expect is not None:
            self._expect(stream, version)
        head = self._heads.get(stream)
        # Two folders of one stream may have been cached at different times: the lower version makes the
        # append find out.
        if head is None or version < head:
            self._heads[stream] = version
        if guard:
            self._guarded.add(stream)
        if stream not in self._counts:
            return state
        now = self.meta.clock_at or datetime.now(UTC)
        return folder.fold(self._pending(stream, now), state)

    async def _stand_in(self, entity: str) -> None:
        """Take the day of the first entity that a stream belongs to."""
        now = self.meta.now
        if now is not None:
            zone = await self._ledger.zone_of(self.meta.ledger, entity)
            self._day = Clock(now, self.meta.today).day_in(zone)

    async def act_for(self, entity: str) -> None:
        """Take the day of the entity whose stream begins. Raises as :meth:`require_entity` does."""
        self.require_entity(entity)
        if self._day is None:
            await self._stand_in(entity)

    def require_entity(self, entity: str) -> None:
        """Raise :class:`EntityNotGranted` unless the actor may act for the entity."""
        if not self._covers(entity):
            raise EntityNotGranted(entity)

    def _covers(self, entity: str) -> bool:
        return self.meta.entities is None or entity in self.meta.entities

    def _known(self, folder: Folder[S], stream: str, *, guard: bool) -> Folded[S] | None:
        """Return the state that this session read, or one of the cache; None if the stream has to be read.

        That a stream has no events is taken from the cache only if the append checks it.
        """
        if (known := self.read_as(folder, stream)) is not None or self._fresh:
            return known
        cached = self._ledger.states.get(self._key(folder, stream))
        if cached is not None and (guard or cached.version):
            self.used_cache = True
            self._states[stream, folder] = cached
            return cached
        return None

    async def _read(self, folder: Folder[S], stream: str) -> Folded[S]:
        cache, key = self._ledger.states, self._key(folder, stream)
        entry = cache.get(key) or Folded(folder.initial(), 0, None)
        events = await self._ledger.read_stream(self.meta.ledger, stream, after_version=entry.version)
        if events:
            entry = Folded(folder.fold(events, entry.state), events[-1].version, events[-1].entity)
        # Streams that commands expect to exist are asked for by ids of callers, who may make up any number of them.
        if events or folder.missing is None:
            cache.put(key, entry)
        self._states[stream, folder] = entry
        return entry

    def _key(self, folder: Folder[Any], stream: str) -> tuple[object, ...]:
        return (self.meta.ledger, self._epoch, stream, folder)

    def loaded(self) -> list[tuple[Folder[Any], str]]:
        """Folders and streams that were loaded."""
        return [(folder, stream) for stream, folder in self._states]

    def read_as(self, folder: Folder[S], stream: str) -> Folded[S] | None:
        """The state on which the session's events follow; None for a stream that was there and was not loaded."""
        known = self._states.get((stream, folder))
        if known is None and self._counts.get(stream) and not self._heads.get(stream):
            return Folded(folder.initial(), 0, None)
        return known

    async def read(self, stream: str, *, upto: int) -> list[Recorded]:
        """Events of a stream up to a position. Raises :class:`EntityNotGranted`."""
        events = await self._ledger.read_stream(self.meta.ledger, stream, upto=upto)
        if events:
            self.require_entity(events[0].entity)
        return events

    def remember(self, folder: Folder[Any], stream: str, folded: Folded[Any]) -> None:
        """Put a state into the process's cache, unless it lacks events that the append went on from."""
        if folded.version == self.version(stream):
            self._ledger.states.put(self._key(folder, stream), folded)

    def version(self, stream: str) -> int:
        """Version of the stream with what was emitted; a stream that was not loaded counts as new."""
        return self._heads.get(stream, 0) + self._counts.get(stream, 0)

    def emit(
        self,
        stream: str,
        event: Event,
        *,
        entity: str,
        effective_on: date | None = None,
        number: NumberStep | None = None,
    ) -> None:
        """Append this event with the command. ``effective_on`` is today unless given.

        Raises :class:`EntityNotGranted`.
        """
        self.require_entity(entity)
        count = self._counts[stream] = self._counts.get(stream, 0) + 1
        on = self.today if effective_on is None else effective_on
        version = self._heads.get(stream, 0) + count
        self.events.append(NewEvent(stream, version, event, entity, on, uuid7(), number))

    def result(self, stream: str) -> Result:
        """The result of a command whose answer shows that stream on the command's business day."""
        return Result(id=stream, as_of=self.today)

    def _pending(self, stream: str, recorded_at: datetime) -> list[Recorded]:
        return [
            _recorded(self.meta, event, 0, None, recorded_at)
            for event in self.events
            if event.stream == stream
        ]

    def to_append(self) -> Append:
        """The command's outcome as the ledger takes it."""
        meta = self.meta
        guards = tuple([Guard(s, self._heads[s]) for s in sorted(self._guarded.difference(self._counts))])
        return Append(
            ledger=meta.ledger,
            command_id=meta.command_id,
            fingerprint=meta.fingerprint,
            events=tuple(self.events),
            actor=meta.actor,
            guards=guards,
            reason=meta.reason,
            correlation_id=meta.correlation_id,
            causation_id=meta.causation_id,
            traceparent=meta.traceparent,
            answer=self.stored_answer(),
            clock_at=meta.clock_at,
        )

    def stored_answer(self) -> bytes:
        """The result as it is stored with the command."""
        return b"{}" if self.outcome is None else msgspec.json.encode(self.outcome)

    def as_appended(self, appended: Appended) -> dict[str, list[Recorded]]:
        """The emitted events by stream, as the ledger has recorded them."""
        streams: dict[str, list[Recorded]] = {}
        position = appended.first_position
        for event, number in zip(self.events, appended.numbers, strict=True):
            row = _recorded(self.meta, event, position, number, appended.recorded_at)
            streams.setdefault(event.stream, []).append(row)
            position += 1
        return streams


def _recorded(
    meta: CommandMeta, event: NewEvent, position: int, number: str | None, at: datetime
) -> Recorded:
    data = event.data
    assert isinstance(data, Event)
    return Recorded(
        ledger=meta.ledger,
        position=position,
        stream=event.stream,
        version=event.version,
        type=data.TYPE,
        schema_version=data.VERSION,
        entity=event.entity,
        event_id=event.event_id,
        effective_on=event.effective_on,
        recorded_at=at,
        actor=meta.actor,
        command_id=meta.command_id,
        data=data if number is None else msgspec.structs.replace(data, number=number),
        reason=meta.reason,
        correlation_id=meta.correlation_id,
        causation_id=meta.causation_id,
        traceparent=meta.traceparent,
    )


class Repeated(Exception):
    """The command was stored before."""

    def __init__(self, stored: StoredCommand) -> None:
        self.stored = stored
