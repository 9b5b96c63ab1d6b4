"""One SHA-256 over a run of events, the same from the ledger's rows and from events that came some other way.

Whoever received events over NATS compares them with the ledger by it: one query a batch, which carries 32 bytes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from uuid import UUID

from encours.ledger.stored import StoredEvent, packed_ids

DIGEST_SQL = """select sha256(string_agg(record_send(row(
    position, version, schema_version, effective_on, event_id, command_id, recorded_at, stream, type, entity, actor,
    data, reason, correlation_id, causation_id, traceparent)), ''::bytea order by position))
  from ledger.event where ledger = $1 and position > $2 and position <= $3"""

# The image of a row as PostgreSQL's record_send makes it: for each column its type's oid, its length and its bytes.
_COLUMNS = 16
_INT8, _INT4, _INT2, _DATE, _UUID, _TIMESTAMPTZ, _TEXT, _BYTEA = 20, 23, 21, 1082, 2950, 1184, 25, 17
_FIXED = struct.Struct(">i IIq IIi IIh IIi II16s II16s II8s".replace(" ", ""))
_HEAD = struct.Struct(">II")
_DAY_ZERO = date(2000, 1, 1).toordinal()
_NULL = b"\xff\xff\xff\xff"
_NULL_TEXT = _TEXT.to_bytes(4, "big") + _NULL
_NULL_UUID = _UUID.to_bytes(4, "big") + _NULL
_UUID_HEAD = _HEAD.pack(_UUID, 16)


def digest_of(events: Sequence[StoredEvent]) -> bytes:
    """Return what :data:`DIGEST_SQL` gives for these rows.

    Raises ``ValueError`` for an event that no row can hold.
    """
    parts: list[bytes] = []
    put = parts.append
    try:
        for event in events:
            _put(event, put)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"no row of a ledger: {error}") from error
    return hashlib.sha256(b"".join(parts)).digest()


def _put(event: StoredEvent, put: Callable[[bytes], None]) -> None:
    ids = packed_ids(event)
    put(
        _FIXED.pack(
            _COLUMNS,
            *(_INT8, 8, event.position),
            *(_INT4, 4, event.version),
            *(_INT2, 2, event.schema_version),
            *(_DATE, 4, event.effective_on.toordinal() - _DAY_ZERO),
            *(_UUID, 16, ids[:16]),
            *(_UUID, 16, ids[16:32]),
            *(_TIMESTAMPTZ, 8, ids[32:]),
        )
    )
    put(_text(event.stream))
    put(_frequent(event.type))
    put(_frequent(event.entity))
    put(_frequent(event.actor))
    put(_HEAD.pack(_BYTEA, len(event.raw)))
    put(event.raw)
    put(_NULL_TEXT if event.reason is None else _text(event.reason))
    put(_uuid(event.correlation_id))
    put(_uuid(event.causation_id))
    put(_NULL_TEXT if event.traceparent is None else _text(event.traceparent))


def _text(value: str) -> bytes:
    data = value.encode()
    return _HEAD.pack(_TEXT, len(data)) + data


_frequent = lru_cache(maxsize=4096)(_text)


def _uuid(value: UUID | None) -> bytes:
    return _NULL_UUID if value is None else _UUID_HEAD + value.bytes
