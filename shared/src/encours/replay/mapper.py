"""The library's mapper on contracts: topics are stored type names, and only registered ones are read.

The library's own mapper imports whatever module a row names; this one looks topics up in a table that is complete
when it is made, and imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncpg
import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from encours.contracts import Event, Recorded, decoder, encode, types
from encours.replay.topics import topic_of, type_of


class StreamEvent(msgspec.Struct, frozen=True):
    """Payload in its stream: a domain event of the library, without the other columns of a row."""

    originator_id: str
    originator_version: int
    data: Event


def registered_topics() -> dict[str, Callable[[bytes], Event]]:
    """Every topic that may be read, older versions included, with the function that decodes and upcasts it."""
    return {
        topic_of(name, version): decoder(name, version)
        for name, cls in types().items()
        for version in range(1, cls.VERSION + 1)
    }


class ContractMapper(Mapper[str]):
    """Mapper between domain events and the stored events of a recorder.

    With the name of the ledger, a row becomes :class:`encours.contracts.Recorded`, with all columns beside the
    payload; without it, and for a stored event that has no row, the domain event is a
    :class:`StreamEvent`.
    """

    def __init__(self, ledger: str | None = None) -> None:
        super().__init__(JSONTranscoder())  # the base class asks for it; contracts have their own encoding
        self._ledger = ledger
        self._decoders = registered_topics()

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Canonical bytes under the type's stored name."""
        data: Any = getattr(domain_event, "data", None)
        if not isinstance(data, Event):
            raise TypeError(f"{type(domain_event).__name__} carries no contract event")
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=topic_of(data.TYPE, data.VERSION),
            state=encode(data),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """The event, upcast to today's version. Raises UnknownType or NewerVersion; never imports anything."""
        data = self._decoder(stored_event.topic)(stored_event.state)
        row: asyncpg.Record | None = getattr(stored_event, "row", None)
        event: Any
        if row is None or self._ledger is None:
            event = StreamEvent(str(stored_event.originator_id), stored_event.originator_version, data)
        else:
            event = _recorded(self._ledger, row, data)
        found: DomainEventProtocol[str] = event
        return found

    def _decoder(self, topic: str) -> Callable[[bytes], Event]:
        known = self._decoders.get(topic)
        return known if known is not None else decoder(*type_of(topic))  # which raises, and says why


def _recorded(ledger: str, row: asyncpg.Record, data: Event) -> Recorded:
    return Recorded(
        ledger=ledger,
        position=row["position"],
        stream=row["stream"],
        version=row["version"],
        type=row["type"],
        schema_version=row["schema_version"],
        entity=row["entity"],
        event_id=row["event_id"],
        effective_on=row["effective_on"],
        recorded_at=row["recorded_at"],
        actor=row["actor"],
        command_id=row["command_id"],
        data=data,
        reason=row["reason"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        traceparent=row["traceparent"],
    )
