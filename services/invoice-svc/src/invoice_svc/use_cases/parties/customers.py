"""Commands on a customer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date

from encours.contracts.common import Terms
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.legal.packs import law_of
from invoice_svc.domain.custom_field.decide import checked
from invoice_svc.domain.customer import decide
from invoice_svc.domain.customer import merge as merges
from invoice_svc.domain.customer import ref as refs
from invoice_svc.domain.customer.commands import (
    AddContact,
    AgreeTerms,
    AmendCustomer,
    AssignRoles,
    NoteCustomer,
    RegisterCustomer,
    RequirePapers,
    SetFields,
)
from invoice_svc.domain.customer.merge import MergeCustomer, ReverseMerge
from invoice_svc.domain.customer.state import CustomerEvent
from invoice_svc.domain.terms import ProposedTerms, settled
from invoice_svc.use_cases.folds import CUSTOMER, CUSTOMER_REF, ENTITY
from invoice_svc.use_cases.parties.custom_fields import fields_of
from invoice_svc.use_cases.parties.debtors import unmerged

CodedCustomers = Callable[[str, str, str], Awaitable[str | None]]
"""Query for the customer of an entity in a ledger that has an external reference."""


async def register(session: Session, command: RegisterCustomer) -> Result:
    """Register a customer of an existing entity, with any agreed terms."""
    await session.get(ENTITY, command.entity_id)
    state = await session.load(CUSTOMER, command.customer_id)
    if command.external_ref is not None:
        await _require_free_ref(session, command.customer_id, command.entity_id, command.external_ref)
    result = _emit(session, command.customer_id, command.entity_id, decide.register(state, command))
    if command.terms is not None:
        await _agree(session, command.customer_id, command.terms, command.terms_from, "/terms")
    return result


async def amend(session: Session, command: AmendCustomer, coded: CodedCustomers | None = None) -> Result:
    """Change the identity from now on. ``coded`` finds who has a new external reference already."""
    state = await unmerged(session, command.customer_id, pointer=None)
    ref = command.external_ref
    if isinstance(ref, str) and ref != state.external_ref:
        if coded is not None:
            holder = await session.ask(coded, session.meta.ledger, state.entity_id, ref)
            decide.require_free_ref(command.customer_id, ref, holder)
        taken = await _require_free_ref(session, command.customer_id, state.entity_id, ref)
        for event in refs.take(taken, state, ref):
            session.emit(event.customer_ref_id, event, entity=state.entity_id)
    return _emit(session, command.customer_id, state.entity_id, decide.amend(state, command))


async def agree_terms(session: Session, command: AgreeTerms) -> Result:
    """Agree contract conditions from a day on."""
    return await _agree(session, command.customer_id, command.terms, command.valid_from, "")


async def set_fields(session: Session, command: SetFields) -> Result:
    """Set values of custom fields; each is of the kind of its field."""
    state = await unmerged(session, command.customer_id, pointer=None)
    fields = await fields_of(session, state.entity_id, "customer", command.values)
    values = checked(fields, command.values)
    return _emit(session, command.customer_id, state.entity_id, decide.set_fields(state, command, values))


async def assign_roles(session: Session, command: AssignRoles) -> Result:
    """Assign the roles of other customers of the entity, from a day on."""
    state = await unmerged(session, command.customer_id, pointer=None)
    named = {
        role: await unmerged(session, other, pointer=f"/{role}") for role, other in command.named.items()
    }
    first_day = command.valid_from or session.today
    return _emit(
        session,
        command.customer_id,
        state.entity_id,
        decide.assign_roles(state, command, named, first_day),
    )


async def merge(session: Session, command: MergeCustomer) -> Result:
    """Merge the customer into another one, from a day on."""
    state = await session.get(CUSTOMER, command.customer_id)
    into = await session.get(CUSTOMER, command.into_id)
    on = command.on or session.today
    merged = merges.merge(state, into, command, on, session.today)
    return _emit(session, command.customer_id, state.entity_id, merged, on)


async def reverse_merge(session: Session, command: ReverseMerge) -> Result:
    """Make the customer a debtor of its own again, from a day on."""
    state = await session.get(CUSTOMER, command.customer_id)
    on = command.on or session.today
    reversed_ = merges.reverse_merge(state, command, on, session.today)
    return _emit(session, command.customer_id, state.entity_id, reversed_, on)


async def add_contact(session: Session, command: AddContact) -> Result:
    """Add a person at the customer."""
    state = await unmerged(session, command.customer_id, pointer=None)
    return _emit(session, command.customer_id, state.entity_id, decide.add_contact(state, command))


async def require_papers(session: Session, command: RequirePapers) -> Result:
    """Require papers before an invoice is issued to the customer."""
    state = await unmerged(session, command.customer_id, pointer=None)
    return _emit(session, command.customer_id, state.entity_id, decide.require_papers(state, command))


async def note(session: Session, command: NoteCustomer) -> Result:
    """Add a remark to the customer's file."""
    state = await unmerged(session, command.customer_id, pointer=None)
    return _emit(session, command.customer_id, state.entity_id, decide.note(state, command))


async def _require_free_ref(
    session: Session, customer_id: str, entity_id: str, external_ref: str
) -> refs.CustomerRef:
    """Return the state of a code that no other customer has.

    Who took it last and who would be registered with it are loaded, and so is the code: whoever of them moves while the
    command runs makes it run again.
    """
    taken = await session.load(CUSTOMER_REF, refs.ref_id(entity_id, external_ref))
    for other in sorted(
        {taken.customer_id, refs.registered_with(entity_id, external_ref)} - {"", customer_id}
    ):
        if (await session.load(CUSTOMER, other)).external_ref == external_ref:
            decide.require_free_ref(customer_id, external_ref, other)
    return taken


async def _agree(
    session: Session, customer_id: str, terms: Terms | ProposedTerms, valid_from: date | None, pointer: str
) -> Result:
    state = await unmerged(session, customer_id, pointer=None)
    entity = await session.get(ENTITY, state.entity_id)
    first_day = valid_from or session.today
    # An agreement recorded late applies to future invoices; on its first day the law may have had no fee yet.
    agreed = settled(terms, entity.currency, entity.country, max(first_day, session.today), pointer)
    return _emit(
        session,
        customer_id,
        state.entity_id,
        decide.agree_terms(state, first_day, agreed, law_of(entity.country)),
    )


def _emit(
    session: Session,
    customer_id: str,
    entity_id: str,
    events: Sequence[CustomerEvent],
    on: date | None = None,
) -> Result:
    for event in events:
        session.emit(customer_id, event, entity=entity_id, effective_on=on)
    return session.result(customer_id)
