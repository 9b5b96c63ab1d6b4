"""Parked streams: those that a model stopped applying at an event that failed, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, replace

from encours.ledger.stored import StoredEvent
from encours.projection.read_model import Conn

REASON_MAX = 1000


@dataclass(slots=True)
class ParkedStream:
    """First event of a stream that could not be applied; ``later`` counts the events after it."""

    position: int
    type: str
    reason: str
    later: int = 0


class Parking:
    """Parked streams of one model, and those that changed since the last write."""

    def __init__(self, streams: dict[str, ParkedStream] | None = None) -> None:
        self.streams = streams or {}
        self._changed: set[str] = set()
        self._before: dict[str, ParkedStream] = {}

    def __bool__(self) -> bool:
        return bool(self.streams)

    def begin(self) -> None:
        """Save this state for :meth:`rollback`."""
        self._before = {stream: replace(parked) for stream, parked in self.streams.items()}

    def rollback(self) -> None:
        """Restore the state of :meth:`begin`."""
        self.streams.clear()
        self.streams.update({stream: replace(parked) for stream, parked in self._before.items()})
        self._changed.clear()

    def park(self, event: StoredEvent, reason: str) -> None:
        """Park the event's stream: no later event of it is applied."""
        text = reason.replace("\x00", "\\x00")[:REASON_MAX]
        self.streams[event.stream] = ParkedStream(event.position, event.type, text)
        self._changed.add(event.stream)

    def add_later(self, event: StoredEvent) -> None:
        """Count a further event of a parked stream."""
        self.streams[event.stream].later += 1
        self._changed.add(event.stream)

    @classmethod
    async def load(cls, conn: Conn, ledger: str, model: str) -> Parking:
        """Load the parked streams as of the last committed batch."""
        rows = await conn.fetch(
            "select stream, position, type, reason, later from encours.parked where ledger = $1 and model = $2",
            ledger,
            model,
        )
        return cls({row[0]: ParkedStream(row[1], row[2], row[3], row[4]) for row in rows})

    async def write(self, conn: Conn, ledger: str, model: str) -> list[tuple[str, ParkedStream]]:
        """Store the changes, in the transaction of the batch; return the newly parked streams, for the alarm."""
        if not self._changed:
            return []
        changed = [(stream, self.streams[stream]) for stream in sorted(self._changed)]
        await conn.executemany(
            """insert into encours.parked (ledger, model, stream, position, type, reason, later)
               values ($1, $2, $3, $4, $5, $6, $7)
               on conflict (ledger, model, stream) do update set later = excluded.later""",
            [(ledger, model, stream, p.position, p.type, p.reason, p.later) for stream, p in changed],
        )
        self._changed.clear()
        return [(stream, parked) for stream, parked in changed if parked.later == 0]

    async def replace(self, conn: Conn, ledger: str, model: str) -> None:
        """Replace all stored parked streams, at the end of a build."""
        await conn.execute("delete from encours.parked where ledger = $1 and model = $2", ledger, model)
        self._changed = set(self.streams)
        await self.write(conn, ledger, model)
