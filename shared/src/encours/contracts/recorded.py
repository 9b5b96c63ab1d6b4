"""Row of the ledger as consumers see it: the payload of an event and its other columns."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from encours.contracts.base import Event


class Recorded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Recorded event.

    ``position`` is its place in the ledger, ``version`` its place in its stream, both from 1 without gaps.
    ``effective_on`` is when it counts (business date), ``recorded_at`` when the ledger learned it (UTC).
    """

    ledger: str
    position: int
    stream: str
    version: int
    type: str
    schema_version: int
    entity: str
    event_id: UUID
    effective_on: date
    recorded_at: datetime
    actor: str
    command_id: UUID
    data: Event
    reason: str | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None

    @property
    def originator_id(self) -> str:
        """The stream, under the name that the `eventsourcing` library knows it by."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The place in the stream, under the name that the `eventsourcing` library knows it by."""
        return self.version
