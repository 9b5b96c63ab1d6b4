"""Values of an invoice's custom fields: no content of the document, so they are set at any time."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from encours.contracts.events.parties.field import InvoiceFieldsSet
from invoice_svc.domain.custom_field.decide import values_with
from invoice_svc.domain.invoice.state import Invoice


class SetInvoiceFields(Struct, frozen=True):
    """Set values of custom fields by code; ``None`` removes one, the others stay."""

    invoice_id: str
    values: Mapping[str, str | bool | None]


def set_fields(
    state: Invoice, command: SetInvoiceFields, checked: Mapping[str, str]
) -> list[InvoiceFieldsSet]:
    """Set the values, which were checked against their fields; no event if they are the same."""
    values = values_with(state.fields, command.values, checked)
    if values is None:
        return []
    return [InvoiceFieldsSet(invoice_id=state.invoice_id, customer_id=state.customer_id, fields=values)]
