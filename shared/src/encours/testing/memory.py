"""A ledger in memory: use cases run on it through the real session, with no I/O and in microseconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.events.parties.entity import EntityRegistered
from encours.ledger.command import CommandMeta, Result
from encours.ledger.errors import IssueDateBeforeLast, VersionConflict
from encours.ledger.execute import Done, execute
from encours.ledger.model import Append, Appended, Head, NumberStep, StoredCommand
from encours.ledger.states import Folder, StateCache

TODAY = date(2026, 6, 30)


class _Info:
    epoch = 1


class MemoryLedger:
    """The part of a ledger that `execute` needs: versions checked, numbers gapless, commands once."""

    def __init__(self) -> None:
        self.states = StateCache()
        self.events: list[Recorded] = []
        self._streams: defaultdict[str, list[Recorded]] = defaultdict(list)
        self.commands: dict[UUID, StoredCommand] = {}
        self._series: dict[tuple[str, str, int], tuple[int, date]] = {}

    async def info(self, name: str) -> _Info:
        return _Info()

    async def head(self, ledger: str) -> Head:
        return Head(len(self.events), 1, None)

    async def read_stream(
        self, ledger: str, stream: str, *, after_version: int = 0, upto: int | None = None
    ) -> list[Recorded]:
        last = len(self.events) if upto is None else upto
        return [e for e in self._streams[stream][after_version:] if e.position <= last]

    async def read_streams(
        self, ledger: str, streams: Sequence[str], *, upto: int | None = None
    ) -> dict[str, list[Recorded]]:
        return {stream: await self.read_stream(ledger, stream, upto=upto) for stream in streams}

    async def read_raw(self, ledger: str, after: int, limit: int) -> list[dict[str, Any]]:
        return [
            {"recorded_at": e.recorded_at, "stream": e.stream} for e in self.events[after : after + limit]
        ]

    async def versions(self, ledger: str, streams: Sequence[str]) -> dict[str, int]:
        return {stream: self.version(stream) for stream in streams}

    async def find_command(self, ledger: str, command_id: UUID) -> StoredCommand | None:
        return self.commands.get(command_id)

    async def append(self, append: Append) -> Appended:
        if (known := self.commands.get(append.command_id)) is not None:
            return self._appended(known.first_position, known.last_position, known.answer, replayed=True)
        self._check_versions(append)
        first = len(self.events) + 1
        rows = [self._row(append, position, event) for position, event in enumerate(append.events, first)]
        self.events += rows
        for row in rows:
            self._streams[row.stream].append(row)
        self.commands[append.command_id] = StoredCommand(
            append.command_id, append.fingerprint, first, len(self.events), append.answer
        )
        return self._appended(first, len(self.events), append.answer, replayed=False)

    async def zone_of(self, ledger: str, entity: str) -> str | None:
        registered = (e.data for e in self.events if isinstance(e.data, EntityRegistered))
        return next((each.time_zone for each in registered if each.entity_id == entity), None)

    async def has_given_numbers(self, ledger: str, entity: str, code: str, year: int) -> bool:
        return (entity, code, year) in self._series

    def rewind(self, position: int) -> None:
        """Return to a position: what came later never happened."""
        for row in self.events[position:]:
            self._streams[row.stream].pop()
        del self.events[position:]
        self.states = StateCache()

    def version(self, stream: str) -> int:
        return len(self._streams[stream])

    def _check_versions(self, append: Append) -> None:
        heads = {guard.stream: guard.version for guard in append.guards}
        for event in append.events:
            heads.setdefault(event.stream, event.version - 1)
        for stream, version in heads.items():
            if self.version(stream) != version:
                raise VersionConflict(stream)

    def _row(self, append: Append, position: int, event: Any) -> Recorded:
        data = (
            event.data
            if event.number is None
            else replace(event.data, number=self._number(event.number, event.effective_on))
        )
        return Recorded(
            ledger=append.ledger, position=position, stream=event.stream, version=event.version, type=data.TYPE,
            schema_version=1, entity=event.entity, event_id=event.event_id, effective_on=event.effective_on,
            recorded_at=datetime(2026, 6, 30, tzinfo=UTC), actor=append.actor, command_id=append.command_id, data=data,
        )  # fmt: skip

    def _number(self, step: NumberStep, on: date) -> str:
        last, last_on = self._series.get((step.entity, step.code, step.year), (step.first - 1, date.min))
        if on < last_on:
            raise IssueDateBeforeLast(step.code)
        self._series[step.entity, step.code, step.year] = (last + 1, on)
        return f"{step.prefix}{last + 1:0{step.width}d}"

    def _appended(self, first: int, last: int, answer: bytes, *, replayed: bool) -> Appended:
        numbers = tuple(getattr(e.data, "number", None) for e in self.events[first - 1 : last])
        return Appended(
            first, last, datetime(2026, 6, 30, tzinfo=UTC), numbers, answer, replayed, len(self.events)
        )


class BooksInMemory:
    """A firm's books in a story: ``do`` runs a use case, ``state`` folds a stream."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.meta = CommandMeta(ledger="main", command_id=uuid4(), fingerprint=b"", actor="test", today=TODAY)

    def do(
        self,
        work: Callable[..., Awaitable[Result | None]],
        *arguments: Any,
        key: UUID | None = None,
        today: date = TODAY,
        **more: Any,
    ) -> Done:
        meta = replace(self.meta, command_id=key or uuid4(), today=today, **more)

        running = execute(self.ledger, meta, work, *arguments)  # type: ignore[arg-type]
        try:
            running.send(None)
        except StopIteration as finished:
            done: Done = finished.value
            return done
        raise AssertionError("a ledger in memory has nothing to wait for")

    def state(self, folder: Folder[Any], stream: str) -> Any:
        return folder.fold(self.stream(stream))

    def stream(self, stream: str) -> list[Recorded]:
        return [e for e in self.ledger.events if e.stream == stream]

    def kinds(self, since: int = 0) -> list[str]:
        return [e.type for e in self.ledger.events[since:]]
