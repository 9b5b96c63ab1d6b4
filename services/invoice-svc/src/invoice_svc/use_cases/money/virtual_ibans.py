"""Use case of virtual IBANs: the assignment to a customer."""

from __future__ import annotations

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.virtual_iban import decide
from invoice_svc.domain.virtual_iban.commands import AssignVirtualIban
from invoice_svc.domain.virtual_iban.state import virtual_iban_id_of
from invoice_svc.use_cases.folds import ENTITY, VIRTUAL_IBAN
from invoice_svc.use_cases.parties.debtors import unmerged


async def assign(session: Session, command: AssignVirtualIban) -> Result:
    """Assign a virtual IBAN to a customer of its entity, from a day on."""
    customer = await unmerged(session, command.customer_id, pointer=None)
    entity = await session.get(ENTITY, customer.entity_id)
    virtual_iban_id = virtual_iban_id_of(entity.entity_id, command.iban)
    state = await session.load(VIRTUAL_IBAN, virtual_iban_id)
    first_day = command.valid_from or session.today
    for event in decide.assign(state, entity, command, first_day):
        session.emit(virtual_iban_id, event, entity=entity.entity_id)
    return session.result(virtual_iban_id)
