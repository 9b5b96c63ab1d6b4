"""Rules of custom fields: a kind is for good, choices are only added, a value is of the kind of its field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import assert_never

from encours.contracts.events import field as events
from encours.contracts.events.parties.customer import FieldValue
from encours.kernel.errors import FieldError, Invalid, Refusal
from invoice_svc.domain.custom_field.commands import DefineField
from invoice_svc.domain.custom_field.state import CustomField

_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)


class CustomFieldFixed(Refusal):
    """Objects may have values of the kind or the choice that the request takes away (409)."""

    code = "custom-field-fixed"
    title = "Custom field cannot be changed so"
    remedy = "Keep its kind and its choices, or define another field."


class CustomFieldValuesInvalid(Refusal):
    """A value belongs to no field, or is not of the kind of its field (422)."""

    code = "custom-field-values-invalid"
    title = "Values of custom fields are not valid"
    status = 422
    remedy = "Correct each value that errors[] points to."


def define(state: CustomField, command: DefineField) -> list[events.FieldDefined]:
    """Define the field; no event if it is the same."""
    if bool(command.choices) != (command.kind == "choice"):
        raise Invalid("A choice needs its choices; the other kinds have none.", "/choices")
    defined = events.FieldDefined(
        field_id=command.field_id,
        entity_id=command.entity_id,
        object=command.object,
        code=command.code,
        kind=command.kind,
        label=command.label,
        choices=command.choices,
    )
    known = state.defined
    if known is not None and known.kind != command.kind:
        raise CustomFieldFixed(f"{command.code} is a field of kind {known.kind}; that is for good.", "/kind")
    if known is not None and (gone := sorted(set(known.choices) - set(command.choices))):
        raise CustomFieldFixed(f"Objects may have {gone[0]!r}: choices are only added.", "/choices")
    return [] if known == defined else [defined]


def checked(fields: Mapping[str, CustomField], values: Mapping[str, str | bool | None]) -> dict[str, str]:
    """Return the values by code in the form that is kept; ``None`` is left out.

    Raises :class:`CustomFieldValuesInvalid` with every fault.
    """
    faults, kept = [], {}
    for code, value in sorted(values.items()):
        defined = fields[code].defined
        advice = "There is no such field: define it first." if defined is None else _advice(defined, value)
        if advice is not None:
            faults.append(FieldError(f"/fields/{code}", advice))
        elif value is not None:
            kept[code] = str(value).lower() if isinstance(value, bool) else value
    if faults:
        raise CustomFieldValuesInvalid(faults[0].detail, errors=tuple(faults))
    return kept


def values_with(
    known: Mapping[str, str], asked: Mapping[str, object], given: Mapping[str, str]
) -> tuple[FieldValue, ...] | None:
    """Return all values of an object: those asked for as they were ``given`` after the check, and the others.

    ``None`` if they are the same.
    """
    kept = {code: value for code, value in known.items() if code not in asked} | dict(given)
    if kept == known:
        return None
    return tuple(FieldValue(field_code=code, value=kept[code]) for code in sorted(kept))


def _advice(defined: events.FieldDefined, value: str | bool | None) -> str | None:
    """Return what to write instead; ``None`` if the value is of the field's kind."""
    if value is None:
        return None
    if isinstance(value, bool) != (defined.kind == "boolean"):
        return "Write true or false." if defined.kind == "boolean" else "Write a text, not true or false."
    text = str(value)
    match defined.kind:
        case "text" | "boolean":
            return None
        case "number":
            return None if _NUMBER.fullmatch(text) else 'Write a decimal number such as "12.5".'
        case "date":
            return None if _is_date(text) else "Write a date such as 2026-03-31."
        case "choice":
            return None if text in defined.choices else f"Choose one of {', '.join(defined.choices)}."
        case _:
            assert_never(defined.kind)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
