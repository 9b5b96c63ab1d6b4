"""Answers about events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from pydantic import BaseModel

from encours.http.answers import Json
from encours.http.queries import AsOf
from encours.kernel.instants import instant_text
from encours.reading.moment import TimeTravel
from reporting_svc.read_models.feed import FeedPage


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

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Json:
        """Show an event with its header. ``data`` are the stored bytes themselves, whatever their version."""
        return {
            "position": row["position"],
            "stream": row["stream"],
            "version": row["version"],
            "type": row["type"],
            "schema_version": row["schema_version"],
            "entity": row["entity"] or None,
            "event_id": str(row["event_id"]),
            "effective_on": row["effective_on"].isoformat(),
            "recorded_at": instant_text(row["recorded_at"]),
            "actor": row["actor"],
            "reason": row["reason"],
            "correlation_id": _text(row["correlation_id"]),
            "causation_id": _text(row["causation_id"]),
            "traceparent": row["traceparent"],
            "command_id": str(row["command_id"]),
            "data": msgspec.Raw(row["data"]),
        }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


class EventsOut(AsOf):
    """Events in order, up to `position`. Go on with `after` = `next_after`; `end`: there was nothing behind."""

    data: list[EventOut]
    next_after: int
    end: bool

    @classmethod
    def of(cls, page: FeedPage, shown: Iterable[Mapping[str, Any]], time: TimeTravel) -> Json:
        """Show events of a page of the feed."""
        return {
            "data": [EventOut.of(row) for row in shown],
            "next_after": page.upto,
            "end": page.end,
            **time.echo(),
        }
