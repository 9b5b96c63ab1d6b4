"""One event on its way to a projection, with the attributes of :class:`encours.contracts.Recorded`.

`Recorded` takes keywords only, which costs 1.6 µs a piece; a rebuild of a million events would spend a third of
its time there. :class:`Fact` is made from a database row by position (0.2 µs), carries the stored bytes and is
decoded only when a model reads its type. That it has every attribute of `Recorded` is held by a test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from urllib.parse import quote, unquote
from uuid import UUID

import msgspec

from encours.contracts import Event, Recorded, decoder


class Fact(msgspec.Struct, gc=False):
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
    actor: str
    reason: str | None
    correlation_id: UUID | None
    causation_id: UUID | None
    traceparent: str | None
    raw: bytes
    ids: bytes | tuple[str, str, str] | tuple[UUID, UUID, datetime]
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


class HeaderBlock:
    """Header lines that are clean bytes already, in the place of one header's value.

    nats-py cleans every value character by character (29 µs for an event's headers, more than all else that it does
    for a message); everything here is a number, an id or percent-encoded, so there is nothing to clean.
    """

    __slots__ = ("_lines",)

    def __init__(self, lines: bytes) -> None:
        self._lines = lines

    def strip(self) -> HeaderBlock:
        """As ``str.strip``."""
        return self

    def translate(self, _: object) -> HeaderBlock:
        """As ``str.translate``."""
        return self

    def encode(self) -> bytes:
        """The value of the first header and the lines of all others."""
        return self._lines


def headers_of(fact: Fact, epoch: int, control: str) -> dict[str, HeaderBlock]:
    """NATS headers of an event for nats-py: CloudEvents 1.0 in binary mode, position and epoch, in ``encours-record``
    what else it takes to rebuild the row (fields in the order of :func:`fact_from`, separated by ``;``,
    percent-encoded as the CloudEvents bindings ask for), and ``control``: lines that tell the server when to take it.
    """
    event_id, command_id, recorded_at = fact.event_id, fact.command_id, fact.recorded_at
    record = (
        f"{fact.version};{fact.schema_version};{_encoded(fact.entity)};{fact.effective_on};{command_id};"
        f"{fact.correlation_id or ''};{fact.causation_id or ''};{_encoded(fact.actor)};"
        f"{'' if fact.reason is None else '=' + _encoded(fact.reason)}"
    )
    trace = "" if fact.traceparent is None else f"\r\ntraceparent: {_encoded(fact.traceparent)}"
    lines = (
        f"1.0\r\nce-id: {event_id}\r\nce-type: {fact.type}\r\nce-source: /ledgers/{fact.ledger}\r\n"
        f"ce-subject: {_encoded(fact.stream)}\r\nce-time: {recorded_at.isoformat()}\r\n"
        f"ce-datacontenttype: application/json\r\nencours-position: {fact.position}\r\nencours-epoch: {epoch}\r\n"
        f"encours-record: {record}{trace}\r\n{control}"
    )
    return {"ce-specversion": HeaderBlock(lines.encode())}


def fact_from(headers: Mapping[str, str], body: bytes) -> Fact:
    """The row again, from headers and body. Raises ``KeyError`` or ``ValueError`` for a message that is not ours."""
    version, schema_version, entity, effective_on, command_id, correlation_id, causation_id, actor, reason = (
        headers["encours-record"].split(";")
    )
    traceparent = headers.get("traceparent")
    return Fact(
        int(headers["encours-position"]),
        unquote(headers["ce-subject"]),
        int(version),
        headers["ce-type"],
        int(schema_version),
        unquote(entity),
        date.fromisoformat(effective_on),
        unquote(actor),
        unquote(reason[1:]) if reason else None,
        UUID(correlation_id) if correlation_id else None,
        UUID(causation_id) if causation_id else None,
        None if traceparent is None else unquote(traceparent),
        body,
        (headers["ce-id"], command_id, headers["ce-time"]),
        headers["ce-source"].removeprefix("/ledgers/"),
    )


_PLAIN = re.compile(r"[A-Za-z0-9_.:@/-]*")
_SAFE = "!#$&'()*+,/:<=>?@[\\]^`{|}~"  # printable ASCII but space, quote, percent and the separator


def _encoded(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe=_SAFE)
