"""Answers about timelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from pydantic import BaseModel, Field

from encours.contracts import decode
from encours.contracts.events.credit_file import CreditCommentCorrected, CreditCommentMade
from encours.http.answers import Json
from encours.http.queries import AsOf
from encours.reading.moment import Granted, TimeTravel
from encours.reading.pages import Page
from encours.reading.summary import summary
from encours.reading.texts.form import Language
from reporting_svc.http.answers import parked_fields
from reporting_svc.http.events.answers import EventOut
from reporting_svc.read_models.timeline.query import EntryPosition


class EventInWords(EventOut):
    """An event with its text."""

    summary: str

    @classmethod
    def of(cls, row: Mapping[str, Any], language: Language = "en") -> Json:
        """Show an event with its summary in a language."""
        event = decode(row["type"], row["schema_version"], bytes(row["data"]))
        shown = {**EventOut.of(row), "summary": summary(event, language)}
        if isinstance(event, CreditCommentMade | CreditCommentCorrected) and event.visible_to:
            # Only risk-svc knows which callers have the roles.
            shown["data"] = {
                name: value for name, value in msgspec.to_builtins(event).items() if name != "text"
            }
        return shown


class CauseOut(BaseModel):
    """Event that caused another one, which was recorded before it."""

    position: int | None = Field(
        description="Null if the ledger has the cause no more, or the key does not cover it."
    )
    type: str | None
    summary: str


class TimelineEntry(EventInWords):
    """An event with its text and its cause."""

    because_of: CauseOut | None = Field(
        description="Event to which a service reacted, or the delivery that is counted; null where a person or a "
        "program sent the command."
    )


@dataclass(frozen=True, slots=True)
class TimelineEvents:
    """Events by position, the language of their texts, and the entities of the caller (None: all)."""

    events: Mapping[int, Mapping[str, Any]]
    language: Language
    granted: Granted

    def entry(self, found: EntryPosition) -> Json:
        """Show the event at a position, with its cause."""
        row = self.events[cast("int", found["position"])]
        return {
            **EventInWords.of(row, self.language),
            "because_of": self._cause(row, found["because_position"]),
        }

    def _cause(self, row: Mapping[str, Any], position: int | None) -> Json | None:
        if row["causation_id"] is None and position is None:
            return None
        cause = None if position is None else self.events.get(position)
        if cause is None:
            return {"position": None, "type": None, "summary": _NO_CAUSE[self.language]}
        if cause["entity"] and self.granted is not None and cause["entity"] not in self.granted:
            return {"position": None, "type": None, "summary": _HIDDEN_CAUSE[self.language]}
        event = decode(cause["type"], cause["schema_version"], bytes(cause["data"]))
        return {
            "position": cause["position"],
            "type": cause["type"],
            "summary": summary(event, self.language),
        }


_NO_CAUSE: Mapping[Language, str] = {
    "en": "This ledger does not have the event that caused it",
    "fr": "Ce registre n'a pas l'événement qui en est la cause",
}
_HIDDEN_CAUSE: Mapping[Language, str] = {
    "en": "An event of another entity caused it",
    "fr": "Un événement d'une autre entité en est la cause",
}


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
        found: Sequence[EntryPosition],
        events: TimelineEvents,
        parked: Sequence[str],
        time: TimeTravel,
    ) -> Json:
        """Show a page."""
        return {**page.body(found, events.entry), **parked_fields(parked), **time.echo()}


class TimelineOut(TimelinePage):
    """Events of the customer and of its invoices, payments, disputes, reminders, tasks, limits and checks.

    A comment on the credit that is for some roles is shown without its words.
    """

    customer_id: str


class InvoiceTimelineOut(TimelinePage):
    """Events of the invoice, and of payments, reminders, promises, disputes, plans and all others that name it."""

    invoice_id: str


class OrderTimelineOut(TimelinePage):
    """Events of the order, of its reservations, and of its deliveries as far as the credit limit counts them."""

    order_id: str


class EntityTimelineOut(TimelinePage):
    """Events of an entity that are about no customer: settings, rules, plans, imports, reports and their schedules."""

    entity_id: str
