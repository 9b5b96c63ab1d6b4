"""Commands on a custom field."""

from __future__ import annotations

from collections.abc import Iterable

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.custom_field import decide
from invoice_svc.domain.custom_field.commands import DefineField, field_id
from invoice_svc.domain.custom_field.state import CustomField
from invoice_svc.use_cases.folds import CUSTOM_FIELD, ENTITY


async def define(session: Session, command: DefineField) -> Result:
    """Define a field of an existing entity, new or with another label or more choices."""
    await session.get(ENTITY, command.entity_id)
    state = await session.load(CUSTOM_FIELD, command.field_id)
    for event in decide.define(state, command):
        session.emit(command.field_id, event, entity=command.entity_id)
    return session.result(command.field_id)


async def fields_of_customers(
    session: Session, entity_id: str, codes: Iterable[str]
) -> dict[str, CustomField]:
    """Return the entity's fields of customers by code; empty ones for codes that are not defined."""
    return {
        code: await session.load(CUSTOM_FIELD, field_id(entity_id, "customer", code), guard=False)
        for code in codes
    }
