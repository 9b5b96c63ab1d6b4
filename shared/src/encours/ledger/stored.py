"""One event on its way to a projection, with the attributes of :class:`encours.contracts.Recorded`.

`Recorded` takes keywords only, which costs 1.6 µs a piece; a rebuild of a million events would spend a third of
its time there. :class:`StoredEvent` is made from a database row by position (0.2 µs), carries the stored bytes and is
decoded only when a model reads its type. That it has every attribute of `Recorded` is held by a test.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec

from encours.contracts import Event, Recorded, decoder


class StoredEvent(msgspec.Struct, gc=False):
    """The attributes of ``Recorded``. ``raw`` holds the stored bytes; ``data`` is set by :meth:`recorded`.

    ``ids`` holds event id, command id and time of recording: as values, as texts, or as 40 bytes from the database.
    Few projections look at them, and to make the three objects takes longer than to read the rest of the row.
    """

    position: int
    stream: str
    version: int
    type: str
    schema_version: int
    entity: str
    effective_on: date
    raw: bytes
    actor: str = ""
    reason: str | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    ids: bytes | tuple[str, str, str] | tuple[UUID, UUID, datetime] = b""
    ledger: str = ""
    data: Event | None = None

    @property
    def event_id(self) -> UUID:
        """The CloudEvents id."""
        return self._ids()[0]

    @property
    def command_id(self) -> UUID:
        """Id of the command that recorded it."""
        return self._ids()[1]

    @property
    def recorded_at(self) -> datetime:
        """Time at which the ledger recorded it, UTC."""
        return self._ids()[2]

    def _ids(self) -> tuple[UUID, UUID, datetime]:
        ids = self.ids
        if isinstance(ids, bytes):
            at = _EPOCH + timedelta(microseconds=int.from_bytes(ids[32:], "big", signed=True))
            values = UUID(bytes=ids[:16]), UUID(bytes=ids[16:32]), at
        elif isinstance(ids[0], str):
            event_id, command_id, recorded_at = ids
            values = UUID(event_id), UUID(command_id), datetime.fromisoformat(recorded_at).astimezone(UTC)
        else:
            return ids
        self.ids = values
        return values

    @property
    def originator_id(self) -> str:
        """Id of the stream, under the name that the `eventsourcing` library uses."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """Version in the stream, under the name that the `eventsourcing` library uses."""
        return self.version

    def recorded(self) -> Recorded:
        """The same event with its payload decoded.

        Raises ``UnknownType``, ``NewerVersion``, or msgspec's ``ValidationError`` for bytes that do not match
        their type.
        """
        if self.data is None:
            self.data = decoder(self.type, self.schema_version)(self.raw)
        return cast("Recorded", self)


COLUMNS = (
    "position, stream, version, type, schema_version, entity, effective_on, data, "
    "actor, reason, correlation_id, causation_id, traceparent, "
    "uuid_send(event_id) || uuid_send(command_id) || timestamptz_send(recorded_at)"
)
"""Columns of ``ledger.event`` in the order of :class:`StoredEvent`'s fields, the last one packed."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # of PostgreSQL's timestamps


def packed_ids(event: StoredEvent) -> bytes:
    """Event id, command id and time of recording in 40 bytes, as the last of :data:`COLUMNS` has them."""
    if isinstance(event.ids, bytes):
        return event.ids
    event_id, command_id, recorded_at = event._ids()
    return event_id.bytes + command_id.bytes + packed_instant(recorded_at)


def packed_instant(instant: datetime) -> bytes:
    """Microseconds since 2000, as PostgreSQL sends a timestamp."""
    since = instant - _EPOCH
    return (since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds).to_bytes(
        8, "big", signed=True
    )


def event_of(row: Any, ledger: str) -> StoredEvent:
    """Make an event from a row of the ledger's reader."""
    return StoredEvent(
        row["position"],
        row["stream"],
        row["version"],
        row["type"],
        row["schema_version"],
        row["entity"],
        row["effective_on"],
        row["data"],
        row["actor"],
        row["reason"],
        row["correlation_id"],
        row["causation_id"],
        row["traceparent"],
        (row["event_id"], row["command_id"], row["recorded_at"]),
        ledger,
    )
