"""Commands on a custom field."""

from __future__ import annotations

from collections.abc import Iterable

from encours.contracts.events.parties.field import FieldObject
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.custom_field import decide
from invoice_svc.domain.custom_field.commands import DefineField, field_id
from invoice_svc.domain.custom_field.state import CustomField
from invoice_svc.domain.invoice.fields import SetInvoiceFields, set_fields
from invoice_svc.use_cases.folds import CUSTOM_FIELD, ENTITY, INVOICE


async def define(session: Session, command: DefineField) -> Result:
    """Define a field of an existing entity, new or with another label or more choices."""
    await session.get(ENTITY, command.entity_id)
    state = await session.load(CUSTOM_FIELD, command.field_id)
    for event in decide.define(state, command):
        session.emit(command.field_id, event, entity=command.entity_id)
    return session.result(command.field_id)


async def set_on_invoice(session: Session, command: SetInvoiceFields) -> Result:
    """Set values of an invoice's custom fields, whatever its state; each is of the kind of its field."""
    state = await session.get(INVOICE, command.invoice_id)
    fields = await fields_of(session, state.entity_id, "invoice", command.values)
    for event in set_fields(state, command, decide.checked(fields, command.values)):
        session.emit(command.invoice_id, event, entity=state.entity_id)
    return session.result(command.invoice_id)


async def fields_of(
    session: Session, entity_id: str, of: FieldObject, codes: Iterable[str]
) -> dict[str, CustomField]:
    """Return the entity's fields of a kind of object by code; empty ones for codes that are not defined."""
    return {
        code: await session.load(CUSTOM_FIELD, field_id(entity_id, of, code), guard=False) for code in codes
    }
