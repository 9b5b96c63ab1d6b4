"""Invoices that an event names, by the declaration of its type: a new type needs no line here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from msgspec import inspect

from encours.contracts import Event
from encours.contracts.base import Value

INVOICE = "inv_"
_NAMES = {"invoices", "deposits", "document_id", "documents"}
"""Names of fields that hold ids of invoices, and possibly others, beside those that end with ``invoice_id(s)``."""


def invoices_of(data: Event) -> set[str]:
    """Return the ids of the invoices that an event names, its parts included."""
    return set(_ids(data)) if naming_fields(type(data)) else set()


@cache
def naming_fields(kind: type[Event | Value]) -> tuple[str, ...]:
    """Return the fields of a type that hold ids of invoices, or parts that do."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return tuple(field.name for field in info.fields if _names(field.type, field.name))


def _names(kind: inspect.Type, name: str) -> bool:
    match kind:
        case inspect.StrType():
            return name in _NAMES or name.endswith(("invoice_id", "invoice_ids"))
        case inspect.VarTupleType():
            return _names(kind.item_type, name)
        case inspect.UnionType():
            return any(_names(each, name) for each in kind.types)
        case inspect.StructType():
            return bool(naming_fields(kind.cls))
        case _:
            return False


def _ids(value: Any) -> Iterator[str]:
    match value:
        case str():
            if value.startswith(INVOICE):
                yield value
        case tuple():
            for each in value:
                yield from _ids(each)
        case Event() | Value():
            for name in naming_fields(type(value)):
                yield from _ids(getattr(value, name))
