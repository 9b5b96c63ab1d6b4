"""Answers of /v1/custom-fields."""

from __future__ import annotations

from datetime import date

from encours.contracts.events.parties.field import FieldKind, FieldObject
from encours.http.answers import Answer, Json
from encours.http.queries import AsOf
from invoice_svc.domain.custom_field.state import CustomField
from invoice_svc.use_cases.folds import CUSTOM_FIELD


class FieldOut(AsOf):
    """A custom field."""

    id: str
    entity_id: str
    object: FieldObject
    code: str
    kind: FieldKind
    label: str
    choices: list[str]
    version: int

    @classmethod
    def of(cls, state: CustomField, version: int, as_of: date) -> Json:
        """Return the field as JSON."""
        field = state.defined
        assert field is not None, "an answer shows a field that is defined"
        return {
            "id": field.field_id,
            "entity_id": field.entity_id,
            "object": field.object,
            "code": field.code,
            "kind": field.kind,
            "label": field.label,
            "choices": list(field.choices),
            "version": version,
        }


FIELD_ANSWER = Answer(CUSTOM_FIELD, FieldOut.of)
