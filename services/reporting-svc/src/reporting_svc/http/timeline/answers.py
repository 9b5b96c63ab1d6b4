"""Answers about the timelines of customers and of entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from pydantic import Field

from encours.contracts import decode
from encours.contracts.events.credit_file import CreditCommentCorrected, CreditCommentMade
from encours.http.answers import Json
from encours.http.queries import AsOf
from encours.reading.moment import TimeTravel
from encours.reading.pages import Page
from encours.reading.summary import Language, summary
from reporting_svc.http.answers import parked_fields
from reporting_svc.http.events.answers import EventOut


class TimelineEntry(EventOut):
    """An event with its text."""

    summary: str

    @classmethod
    def of(cls, row: Mapping[str, Any], language: Language = "en") -> Json:
        """Show an event with its summary in a language."""
        event = decode(row["type"], row["schema_version"], bytes(row["data"]))
        shown = {**EventOut.of(row), "summary": summary(event, language)}
        if isinstance(event, CreditCommentMade | CreditCommentCorrected) and event.visible_to:
            # Who has the roles is known to risk-svc alone.
            shown["data"] = {
                name: value for name, value in msgspec.to_builtins(event).items() if name != "text"
            }
        return shown


class TimelinePage(AsOf):
    """A page of a timeline."""

    data: list[TimelineEntry]
    next_cursor: str | None
    incomplete: bool = Field(description="Streams are parked: their events may be missing.")
    parked: list[str]

    @classmethod
    def of(
        cls,
        page: Page,
        rows: Sequence[Mapping[str, int]],
        events: Mapping[int, Mapping[str, Any]],
        language: Language,
        parked: Sequence[str],
        time: TimeTravel,
    ) -> Json:
        """Show a page; ``events`` has each by its position."""
        return {
            **page.body(rows, lambda row: TimelineEntry.of(events[row["position"]], language)),
            **parked_fields(parked),
            **time.echo(),
        }


class TimelineOut(TimelinePage):
    """Events of the customer and of its invoices, payments, disputes, reminders, tasks, limits and checks.

    A comment on the credit that is for some roles is shown without its words.
    """

    customer_id: str


class EntityTimelineOut(TimelinePage):
    """Events of an entity that are about no customer: settings, rules, plans, imports, reports and their schedules."""

    entity_id: str
