"""Invoices that an event names, by the declaration of its type: a new type needs no line here."""

from __future__ import annotations

from functools import cache

from msgspec import inspect

from encours.contracts import Event
from encours.contracts.base import Value

INVOICE = "inv_"
_NAMES = {"invoices", "deposits", "document_id", "documents"}
"""Names of fields that hold ids of invoices, and possibly others, beside those that end with ``invoice_id(s)``."""


def invoices_of(data: Event | Value) -> set[str]:
    """Return the ids of the invoices that an event names, its parts included."""
    found: set[str] = set()
    for name in naming_fields(type(data)):
        value = getattr(data, name)
        for each in value if type(value) is tuple else (value,):
            if type(each) is str:
                if each.startswith(INVOICE):
                    found.add(each)
            elif each is not None:
                found |= invoices_of(each)
    return found


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
