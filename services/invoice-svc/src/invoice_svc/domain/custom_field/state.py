"""State of a custom field, folded from its events."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts import Recorded
from encours.contracts.events import field as events
from encours.kernel.errors import NotFound


class CustomFieldNotFound(NotFound):
    """The entity has no such field (404)."""

    code = "custom-field-not-found"
    title = "Custom field not found"
    remedy = "Define it with PUT /v1/custom-fields/{object}/{code}."


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field; empty before its definition."""

    defined: events.FieldDefined | None = None


def evolve(state: CustomField, recorded: Recorded) -> CustomField:
    """Return the field after a definition, the only kind of event of its stream."""
    assert isinstance(recorded.data, events.FieldDefined)
    return CustomField(recorded.data)
