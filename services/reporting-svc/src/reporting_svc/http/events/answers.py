"""Answers about events."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from encours.http.queries import AsOf


class EventOut(BaseModel):
    """One event of the ledger. `data` is its payload as stored."""

    position: int
    stream: str
    version: int
    type: str
    schema_version: int
    entity: str | None
    event_id: str
    effective_on: date
    recorded_at: datetime
    actor: str
    reason: str | None
    correlation_id: str | None
    causation_id: str | None
    traceparent: str | None
    command_id: str
    data: dict[str, Any]


class EventsOut(AsOf):
    """Events in order, up to `position`. Go on with `after` = `next_after`; `end`: there was nothing behind."""

    data: list[EventOut]
    next_after: int
    end: bool
