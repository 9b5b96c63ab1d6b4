"""Request bodies of /v1/custom-fields."""

from __future__ import annotations

from pydantic import Field

from encours.contracts.events.parties.field import FieldKind, FieldObject
from encours.http.models import Body, ShortText
from invoice_svc.domain.custom_field.commands import DefineField
from invoice_svc.domain.invoice.fields import SetInvoiceFields
from invoice_svc.http.common import EntityId, FieldCode


class FieldBody(Body):
    """A field of an entity's customers or invoices. The kind is for good; choices are only added."""

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


class InvoiceFieldsBody(Body):
    """Values of custom fields: texts, decimal numbers and dates as strings, true or false; null removes one."""

    fields: dict[FieldCode, bool | ShortText | None] = Field(
        min_length=1, max_length=100, examples=[{"project": "Lyon 2026"}]
    )

    def to_command(self, invoice_id: str) -> SetInvoiceFields:
        """Return the command."""
        return SetInvoiceFields(invoice_id, self.fields)
