"""Request bodies of /v1/custom-fields."""

from __future__ import annotations

from pydantic import Field

from encours.contracts.events.field import FieldKind, FieldObject
from encours.http.models import Body, ShortText
from invoice_svc.domain.custom_field.commands import DefineField
from invoice_svc.http.common import EntityId


class FieldBody(Body):
    """A field of an entity's customers. The kind is for good; choices are only added."""

    entity_id: EntityId
    kind: FieldKind
    label: ShortText = Field(examples=["Sales channel"])
    choices: list[ShortText] = Field(
        default=[], max_length=200, description="Of a choice only.", examples=[["shop", "web"]]
    )

    def to_command(self, of: FieldObject, code: str) -> DefineField:
        """Return the command."""
        choices = tuple(dict.fromkeys(self.choices))
        return DefineField(self.entity_id, of, code, self.kind, self.label, choices)
