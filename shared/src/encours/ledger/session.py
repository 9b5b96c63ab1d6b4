"""The shape of every command: load → fold → decide → append, and again when someone else was faster.

    async def work(session):
        state = await session.load(INVOICE, invoice_id)
        for event in issue(state, command):
            session.emit(invoice_id, event, entity=state.entity_id)
        session.answer(invoice_id=invoice_id)

    done = await execute(ledger, meta, work)

``work`` may run several times and must have no effects but those on its session. States may come from the
process's cache: the append checks the version of every stream that was read, and a refusal is only believed
after fresh reads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from encours.contracts import Event, Recorded
from encours.kernel.errors import DomainError
from encours.kernel.ids import uuid7
from encours.ledger.client import Ledger
from encours.ledger.errors import CommandReused, EntityNotGranted, VersionConflict
from encours.ledger.model import Append, Appended, Guard, NewEvent, NumberStep
from encours.ledger.states import Folded, Folder

S = TypeVar("S")
RETRIES = 3
_answers = msgspec.json.Decoder(dict[str, Any])

Work = Callable[["Session"], Awaitable[None]]


class CommandMeta(msgspec.Struct, frozen=True, kw_only=True):
    """Who commands what, when, and because of what. ``today`` is the ledger's business date.

    ``entities`` are those that the actor may act for, None for all: no other's stream is read or written.
    """

    ledger: str
    command_id: UUID
    fingerprint: bytes
    actor: str
    today: date
    reason: str | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    dry_run: bool = False
    clock_at: datetime | None = None
    entities: tuple[str, ...] | None = None


class Session:
    """One attempt at a command: what it read, and what it wants to append."""

    def __init__(self, ledger: Ledger, meta: CommandMeta, epoch: int, *, fresh: bool) -> None:
        self.meta = meta
        self.used_cache = False
        self._ledger = ledger
        self._epoch = epoch
        self._fresh = fresh
        self._states: dict[tuple[str, Folder[Any]], Folded[Any]] = {}
        self._heads: dict[str, int] = {}
        self._guarded: set[str] = set()
        self._counts: dict[str, int] = {}
        self._events: list[NewEvent] = []
        self._answer: dict[str, Any] = {}

    async def load(self, folder: Folder[S], stream: str, *, guard: bool = True) -> S:
        """The stream's state, including what this session has emitted to it (those with position 0, as they
        have none yet).

        With ``guard`` the append is refused, and the work run again, if anybody moved the stream in between;
        without it the state may be a little old. Raises :class:`EntityNotGranted` before anything of it is told.
        """
        state, version, entity = await self._loaded(folder, stream)
        if entity is not None:
            self.require_entity(entity)
        known = self._heads.get(stream)
        # Two folders of one stream may have been cached at different times: the lower version makes the
        # append find out.
        self._heads[stream] = version if known is None else min(known, version)
        if guard:
            self._guarded.add(stream)
        if stream not in self._counts:
            return state
        now = self.meta.clock_at or datetime.now(UTC)
        return folder.fold(self._pending(stream, now), state)

    def require_entity(self, entity: str) -> None:
        """Raise :class:`EntityNotGranted` unless the actor may act for the entity."""
        if self.meta.entities is not None and entity not in self.meta.entities:
            raise EntityNotGranted(entity)

    async def _loaded(self, folder: Folder[S], stream: str) -> Folded[S]:
        if (known := self._states.get((stream, folder))) is not None:
            return known
        cache, key = self._ledger.states, self._key(folder, stream)
        cached = cache.get(key)
        if cached is not None and not self._fresh:
            self.used_cache = True
            self._states[stream, folder] = cached
            return cached
        entry = cached if cached is not None else Folded(folder.initial(), 0, None)
        events = await self._ledger.read_stream(self.meta.ledger, stream, after_version=entry.version)
        if events:
            entry = Folded(folder.fold(events, entry.state), events[-1].version, events[-1].entity)
            cache.put(key, entry)
        self._states[stream, folder] = entry
        return entry

    def _key(self, folder: Folder[Any], stream: str) -> tuple[object, ...]:
        return (self.meta.ledger, self._epoch, stream, folder)

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
        on = self.meta.today if effective_on is None else effective_on
        version = self._heads.get(stream, 0) + count
        self._events.append(NewEvent(stream, version, event, entity, on, uuid7(), number))

    def answer(self, **fields: Any) -> None:
        """What a repetition needs to be answered like the first time: ids, small facts (JSON)."""
        self._answer.update(fields)

    def _pending(self, stream: str, recorded_at: datetime) -> list[Recorded]:
        return [
            _recorded(self.meta, event, 0, None, recorded_at)
            for event in self._events
            if event.stream == stream
        ]

    def _append(self) -> Append:
        meta = self.meta
        guards = tuple(Guard(s, self._heads[s]) for s in sorted(self._guarded) if s not in self._counts)
        return Append(
            ledger=meta.ledger,
            command_id=meta.command_id,
            fingerprint=meta.fingerprint,
            events=tuple(self._events),
            actor=meta.actor,
            guards=guards,
            reason=meta.reason,
            correlation_id=meta.correlation_id,
            causation_id=meta.causation_id,
            traceparent=meta.traceparent,
            answer=msgspec.json.encode(self._answer),
            clock_at=meta.clock_at,
        )

    def _preview(self, appended: Appended) -> Done:
        streams = self._as_appended(appended)
        data = {row.event_id: row.data for rows in streams.values() for row in rows}
        events = [msgspec.structs.replace(event, data=data[event.event_id]) for event in self._events]
        before = appended.first_position - 1
        return Done(self, self._answer, before, appended.recorded_at, False, tuple(events), streams)

    def _done(self, appended: Appended) -> Done:
        streams = self._as_appended(appended)
        for (stream, folder), (state, version, _) in self._states.items():
            events = streams.get(stream)
            if events is not None and version == self._heads[stream]:
                folded = Folded(folder.fold(events, state), version + len(events), events[-1].entity)
                self._ledger.states.put(self._key(folder, stream), folded)
        return Done(
            self,
            self._answer,
            appended.last_position,
            appended.recorded_at,
            False,
            tuple(self._events),
            streams,
        )

    def _as_appended(self, appended: Appended) -> dict[str, list[Recorded]]:
        streams: dict[str, list[Recorded]] = {}
        position = appended.first_position
        for event, number in zip(self._events, appended.numbers, strict=True):
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


class Done:
    """A finished command, the same whether it ran now or is a repetition.

    ``position`` is its last position (the ledger's head if it had no events). ``events`` are what it appended
    or, in a dry run, would append; empty when ``replayed``.
    """

    def __init__(
        self,
        session: Session,
        answer: dict[str, Any],
        position: int,
        recorded_at: datetime,
        replayed: bool,
        events: tuple[NewEvent, ...],
        streams: dict[str, list[Recorded]],
    ) -> None:
        self.answer = answer
        self.position = position
        self.recorded_at = recorded_at
        self.replayed = replayed
        self.events = events
        self._session = session
        self._streams = streams

    async def state(self, folder: Folder[S], stream: str) -> tuple[S, int]:
        """State and version of a stream as this command left it, so that a repetition is answered alike."""
        session = self._session
        if not self.replayed:
            base = session._states.get((stream, folder))
            if base is None and session._heads.get(stream, 0) == 0 and stream in self._streams:
                base = Folded(folder.initial(), 0, None)
            if base is not None:
                events = self._streams.get(stream, [])
                return folder.fold(events, base.state), base.version + len(events)
        events = await session._ledger.read_stream(session.meta.ledger, stream, upto=self.position)
        return folder.fold(events), events[-1].version if events else 0

    async def remember(self, folder: Folder[S], stream: str) -> None:
        """Keep the state of a stream that this command began, for commands that will soon need it."""
        if (begun := self._streams.get(stream)) is not None:
            folded = Folded(*await self.state(folder, stream), begun[0].entity)
            self._session._ledger.states.put(self._session._key(folder, stream), folded)


async def execute(ledger: Ledger, meta: CommandMeta, work: Work) -> Done:
    """Run a command until it is stored, refused, or overtaken four times in a row.

    A repetition under the same id and fingerprint gives the first result, unless the actor may no longer act for
    its entity. Raises the domain's refusals, and those of :meth:`Ledger.append`.
    """
    info = await ledger.info(meta.ledger)
    fresh = meta.dry_run
    conflicts = 0
    while True:
        session = Session(ledger, meta, info.epoch, fresh=fresh)
        try:
            await work(session)
        except EntityNotGranted:
            raise
        except DomainError:
            if session.used_cache:
                fresh = True  # the cache may be old: no refusal before a fresh look
                continue
            # A repetition finds the state that its first run left and is refused by the rules: the first
            # answer counts.
            if (first := await _first_run(ledger, session)) is not None:
                return first
            raise
        append = session._append()
        try:
            if meta.dry_run:
                return session._preview(await ledger.rehearse(append))
            appended = await ledger.append(append)
        except VersionConflict:
            conflicts += 1
            if conflicts > RETRIES:
                raise
            fresh = True
            continue
        if appended.replayed:
            return _repetition(session, appended.answer, appended.last_position, appended.recorded_at)
        return session._done(appended)


async def _first_run(ledger: Ledger, session: Session) -> Done | None:
    meta = session.meta
    stored = await ledger.find_command(meta.ledger, meta.command_id)
    if stored is None:
        return None
    if stored.fingerprint != meta.fingerprint:
        raise CommandReused
    rows = await ledger.read_raw(meta.ledger, stored.last_position - 1, 1)
    at = rows[0]["recorded_at"] if rows else datetime.now(UTC)
    return _repetition(session, stored.answer, stored.last_position, at)


def _repetition(session: Session, answer: bytes, position: int, recorded_at: datetime) -> Done:
    return Done(session, _answers.decode(answer), position, recorded_at, True, (), {})
