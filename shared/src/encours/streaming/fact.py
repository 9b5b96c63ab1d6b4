"""One event on its way to a projection, with the attributes of :class:`encours.contracts.Recorded`.

`Recorded` takes keywords only, which costs 1.6 µs a piece; a rebuild of a million events would spend a third of
its time there. :class:`Fact` is made from a database row by position (0.2 µs), carries the stored bytes and is
decoded only when a model reads its type. That it has every attribute of `Recorded` is held by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from urllib.parse import quote, unquote
from uuid import UUID

import msgspec

from encours.contracts import Event, Recorded, decoder


class Fact(msgspec.Struct, gc=False):
    """The attributes of ``Recorded``. ``raw`` holds the stored bytes; ``data`` is set by :meth:`recorded`.

    ``ids`` holds event id, command id and time of recording, as values or as the 40 bytes of :data:`IDS`: few
    projections look at them, and to make the three objects takes longer than to read the rest of the row.
    """

    position: int
    stream: str
    version: int
    type: str
    schema_version: int
    entity: str
    effective_on: date
    actor: str
    reason: str | None
    correlation_id: UUID | None
    causation_id: UUID | None
    traceparent: str | None
    raw: bytes
    ids: bytes | tuple[UUID, UUID, datetime]
    ledger: str = ""
    data: Event | None = None

    @property
    def event_id(self) -> UUID:
        """The CloudEvents id."""
        return self._ids()[0]

    @property
    def command_id(self) -> UUID:
        """The command that it came of."""
        return self._ids()[1]

    @property
    def recorded_at(self) -> datetime:
        """When the ledger learned it, UTC."""
        return self._ids()[2]

    def _ids(self) -> tuple[UUID, UUID, datetime]:
        ids = self.ids
        if isinstance(ids, bytes):
            at = _EPOCH + timedelta(microseconds=int.from_bytes(ids[32:], "big", signed=True))
            ids = self.ids = UUID(bytes=ids[:16]), UUID(bytes=ids[16:32]), at
        return ids

    @property
    def originator_id(self) -> str:
        """The stream, under the name that the `eventsourcing` library knows it by."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The place in the stream, under the name that the `eventsourcing` library knows it by."""
        return self.version

    def recorded(self) -> Recorded:
        """The same event with its payload decoded.

        Raises ``UnknownType``, ``NewerVersion``, or msgspec's ``ValidationError`` for bytes that are not what
        their type says.
        """
        if self.data is None:
            self.data = decoder(self.type, self.schema_version)(self.raw)
        return cast("Recorded", self)


COLUMNS = (
    "position, stream, version, type, schema_version, entity, effective_on, actor, reason, correlation_id, "
    "causation_id, traceparent, data, "
    "uuid_send(event_id) || uuid_send(command_id) || timestamptz_send(recorded_at)"
)
"""Columns of ``ledger.event`` in the order of :class:`Fact`'s fields, the last one packed."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # of PostgreSQL's timestamps


def fact_of(row: Any, ledger: str) -> Fact:
    """A fact from a row that the ledger's own reader gives."""
    return Fact(
        row["position"],
        row["stream"],
        row["version"],
        row["type"],
        row["schema_version"],
        row["entity"],
        row["effective_on"],
        row["actor"],
        row["reason"],
        row["correlation_id"],
        row["causation_id"],
        row["traceparent"],
        row["data"],
        (row["event_id"], row["command_id"], row["recorded_at"]),
        ledger,
    )


def headers_of(fact: Fact, epoch: int) -> dict[str, str]:
    """NATS headers of an event: CloudEvents 1.0 in binary mode and what else it takes to rebuild the row.

    Free text is percent-encoded as the CloudEvents bindings ask for; ids and types are plain ASCII.
    """
    headers = {
        "ce-specversion": "1.0",
        "ce-id": str(fact.event_id),
        "ce-type": fact.type,
        "ce-source": f"/ledgers/{fact.ledger}",
        "ce-subject": _encoded(fact.stream),
        "ce-time": fact.recorded_at.isoformat(),
        "ce-datacontenttype": "application/json",
        "encours-position": str(fact.position),
        "encours-epoch": str(epoch),
        "encours-version": str(fact.version),
        "encours-schema-version": str(fact.schema_version),
        "encours-entity": _encoded(fact.entity),
        "encours-effective-on": fact.effective_on.isoformat(),
        "encours-actor": _encoded(fact.actor),
        "encours-command-id": str(fact.command_id),
    }
    if fact.reason is not None:
        headers["encours-reason"] = _encoded(fact.reason)
    if fact.correlation_id is not None:
        headers["encours-correlation-id"] = str(fact.correlation_id)
    if fact.causation_id is not None:
        headers["encours-causation-id"] = str(fact.causation_id)
    if fact.traceparent is not None:
        headers["traceparent"] = _encoded(fact.traceparent)
    return headers


def fact_from(headers: Mapping[str, str], body: bytes) -> Fact:
    """The row again, from headers and body. Raises ``KeyError`` or ``ValueError`` for a message that is not ours."""
    return Fact(
        int(headers["encours-position"]),
        unquote(headers["ce-subject"]),
        int(headers["encours-version"]),
        headers["ce-type"],
        int(headers["encours-schema-version"]),
        unquote(headers["encours-entity"]),
        date.fromisoformat(headers["encours-effective-on"]),
        unquote(headers["encours-actor"]),
        _optional(headers.get("encours-reason")),
        _uuid(headers.get("encours-correlation-id")),
        _uuid(headers.get("encours-causation-id")),
        _optional(headers.get("traceparent")),
        body,
        (
            UUID(headers["ce-id"]),
            UUID(headers["encours-command-id"]),
            datetime.fromisoformat(headers["ce-time"]).astimezone(UTC),
        ),
        headers["ce-source"].removeprefix("/ledgers/"),
    )


_SAFE = "!#$&'()*+,/:;<=>?@[\\]^`{|}~"  # printable ASCII but space, quote and percent


def _encoded(text: str) -> str:
    return quote(text, safe=_SAFE)


def _optional(text: str | None) -> str | None:
    return None if text is None else unquote(text)


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
