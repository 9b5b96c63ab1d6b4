"""Custom fields of a creditor, and their values on invoices. Appended by invoice-svc.

Stream: the field's id, from entity, object and code; of the values, the invoice's id.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from encours.contracts.base import Event
from encours.contracts.events.parties.customer import FieldValue

FieldKind = Literal["text", "number", "date", "choice", "boolean"]
FieldObject = Literal["customer", "invoice"]


class FieldDefined(Event, frozen=True, kw_only=True):
    """A field of the entity's customers or invoices, new or with another label or more choices.

    Its kind never changes.
    """

    TYPE: ClassVar[str] = "field.defined"
    field_id: str
    entity_id: str
    object: FieldObject
    code: str
    kind: FieldKind
    label: str
    choices: tuple[str, ...]
    """Values that a choice may have; empty for the other kinds."""


class InvoiceFieldsSet(Event, frozen=True, kw_only=True):
    """Values of the invoice's custom fields from now on; all of them."""

    TYPE: ClassVar[str] = "invoice.fields_set"
    invoice_id: str
    customer_id: str
    fields: tuple[FieldValue, ...]
