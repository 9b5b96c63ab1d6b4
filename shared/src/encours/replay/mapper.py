"""The library's mapper on contracts: topics are stored type names, and only registered ones are read.

The library's own mapper imports whatever module a row names; this one looks names up and nothing else.
"""

from __future__ import annotations

from typing import Any

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from encours.contracts import Event, decode, encode
from encours.replay.recorder import topic_of, type_of


class StreamEvent(msgspec.Struct, frozen=True):
    """A payload in its stream: what the library calls a domain event."""

    originator_id: str
    originator_version: int
    data: Event


class ContractMapper(Mapper[str]):
    """Between :class:`StreamEvent` (or any event with ``data``) and what a recorder stores."""

    def __init__(self) -> None:
        super().__init__(
            JSONTranscoder()
        )  # asked for by the base class, not used: contracts have their own encoding

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
        data = decode(*type_of(stored_event.topic), stored_event.state)
        event: Any = StreamEvent(str(stored_event.originator_id), stored_event.originator_version, data)
        found: DomainEventProtocol[str] = event
        return found
