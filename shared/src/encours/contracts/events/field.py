"""Custom fields of a creditor. Stream: the field's id, from entity, object and code. Appended by invoice-svc."""

from __future__ import annotations

from typing import ClassVar, Literal

from encours.contracts.base import Event

FieldKind = Literal["text", "number", "date", "choice", "boolean"]
FieldObject = Literal["customer"]


class FieldDefined(Event, frozen=True, kw_only=True):
    """A field of the entity's customers, new or with another label or more choices; its kind never changes."""

    TYPE: ClassVar[str] = "field.defined"
    field_id: str
    entity_id: str
    object: FieldObject
    code: str
    kind: FieldKind
    label: str
    choices: tuple[str, ...]
    """Values that a choice may have; empty for the other kinds."""
