"""Answers about a customer's timeline."""

from __future__ import annotations

from pydantic import Field

from encours.http.queries import AsOf
from reporting_svc.http.events.answers import EventOut


class TimelineEntry(EventOut):
    """An event and what it says, in words."""

    summary: str


class TimelineOut(AsOf):
    """Events of the customer and of its invoices, payments, disputes, reminders, tasks, limits and checks."""

    customer_id: str
    data: list[TimelineEntry]
    next_cursor: str | None
    incomplete: bool = Field(description="Streams are parked: their events may be missing.")
    parked: list[str]
