"""Commands on a custom field."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts.events.parties.field import FieldKind, FieldObject
from encours.kernel.ids import derived_id


def field_id(entity_id: str, of: FieldObject, code: str) -> str:
    """Return the id of an entity's field."""
    return derived_id("fld", entity_id, of, code)


@dataclass(frozen=True, slots=True)
class DefineField:
    """Define a field of an entity's objects, or change its label and choices."""

    entity_id: str
    object: FieldObject
    code: str
    kind: FieldKind
    label: str
    choices: tuple[str, ...] = ()

    @property
    def field_id(self) -> str:
        """Id of the field."""
        return field_id(self.entity_id, self.object, self.code)
