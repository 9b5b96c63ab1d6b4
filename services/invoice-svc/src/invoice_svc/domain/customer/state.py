"""State of a customer, folded from its events.

Terms are agreed from a day on and never overwritten. So the terms of an invoice are known for any date of issue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.common import Address, Terms
from encours.contracts.events import customer as events
from encours.contracts.events.parties.insolvency import (
    InsolvencyAmended,
    InsolvencyClosed,
    InsolvencyOpened,
    InsolvencyPublished,
)
from encours.contracts.insolvency import Insolvency, InsolvencyEvent, insolvencies_with
from encours.contracts.parties import Merge, Roles, merge_of
from encours.kernel.errors import NotFound


class CustomerNotFound(NotFound):
    """No customer has the id (404)."""

    code = "customer-not-found"
    title = "Customer not found"
    remedy = "Use an id from GET /v1/customers."


@dataclass(frozen=True, slots=True)
class Agreement:
    """Terms for invoices issued from a day on."""

    valid_from: date
    terms: Terms


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at the customer, by role."""

    role: str
    name: str
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """A remark for the file."""

    text: str
    noted_on: date


@dataclass(frozen=True, slots=True)
class Customer:
    """State of a customer, for decisions and answers."""

    customer_id: str = ""
    entity_id: str = ""
    name: str = ""
    country: str = ""
    language: str = ""
    external_ref: str | None = None
    email: str | None = None
    phone: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: Address | None = None
    segment: str | None = None
    salesperson: str | None = None
    siret: str | None = None
    lei: str | None = None
    iban: str | None = None
    delivery_address: Address | None = None
    tags: tuple[str, ...] = ()
    terms: tuple[Agreement, ...] = ()
    """Ascending by ``valid_from``; the later agreement for the same day replaces the earlier."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Values of custom fields by code."""
    roles: tuple[Roles, ...] = ()
    """Assignments, in the order in which they were recorded."""
    merges: tuple[Merge, ...] = ()
    """Merges of this record into another one, and their reversals, in the order in which they were recorded."""
    insolvencies: tuple[Insolvency, ...] = ()
    """Proceedings, in the order in which they were recorded."""
    contacts: tuple[Contact, ...] = ()
    notes: tuple[Note, ...] = ()
    required_papers: tuple[events.Paper, ...] = ()
    """Papers without which the customer takes no invoice."""
    from_risk: Mapping[int, events.TermsAgreed] = field(default_factory=dict)
    """Agreements by which accepted terms of risk-svc are in force, by the number of the proposal."""


CustomerEvent = (
    events.CustomerRegistered
    | events.CustomerAmended
    | events.TermsAgreed
    | events.TermsKept
    | events.TermsBeyondCeiling
    | events.PenaltyBelowFloor
    | events.FieldsSet
    | events.RolesAssigned
    | events.CustomerMerged
    | events.CustomerMergeReversed
    | events.CustomerContactAdded
    | events.CustomerNoted
    | events.PapersRequired
    | InsolvencyEvent
)


def evolve(state: Customer, recorded: Recorded) -> Customer:
    """Return the customer after one more event."""
    event = cast(CustomerEvent, recorded.data)
    match event:
        case events.CustomerRegistered():
            return Customer(
                customer_id=event.customer_id,
                entity_id=event.entity_id,
                name=event.name,
                country=event.country,
                language=event.language,
                external_ref=event.external_ref,
                email=event.email,
                phone=event.phone,
                siren=event.siren,
                vat_id=event.vat_id,
                address=event.address,
                segment=event.segment,
                salesperson=event.salesperson,
                siret=event.siret,
                lei=event.lei,
                iban=event.iban,
                delivery_address=event.delivery_address,
                tags=event.tags,
            )
        case events.CustomerAmended():
            return replace(
                state,
                name=event.name,
                country=event.country,
                language=event.language,
                email=event.email,
                phone=event.phone,
                siren=event.siren,
                vat_id=event.vat_id,
                address=event.address,
                segment=event.segment,
                salesperson=event.salesperson,
                siret=event.siret,
                lei=event.lei,
                iban=event.iban,
                delivery_address=event.delivery_address,
                tags=event.tags,
                external_ref=event.ref_after(state.external_ref),
            )
        case events.TermsAgreed():
            kept = [agreed for agreed in state.terms if agreed.valid_from != event.valid_from]
            kept.append(Agreement(event.valid_from, event.terms))
            found = replace(state, terms=tuple(sorted(kept, key=lambda agreed: agreed.valid_from)))
            if (cause := event.from_risk) is None:
                return found
            others = {n: each for n, each in state.from_risk.items() if n != cause.proposal_number}
            added = {} if cause.ended else {cause.proposal_number: event}
            return replace(found, from_risk=others | added)
        case events.TermsBeyondCeiling() | events.PenaltyBelowFloor() | events.TermsKept():
            return state
        case events.FieldsSet():
            return replace(state, fields={each.field_code: each.value for each in event.fields})
        case events.RolesAssigned():
            roles = Roles(
                event.valid_from,
                recorded.position,
                event.payer_id,
                event.billed_id,
                event.delivered_id,
                event.group_id,
            )
            return replace(state, roles=(*state.roles, roles))
        case events.CustomerMerged() | events.CustomerMergeReversed():
            return replace(state, merges=(*state.merges, merge_of(recorded, event)))
        case events.CustomerContactAdded():
            contact = Contact(event.role, event.name, event.email, event.phone)
            return replace(state, contacts=(*state.contacts, contact))
        case events.CustomerNoted():
            return replace(state, notes=(*state.notes, Note(event.text, recorded.effective_on)))
        case events.PapersRequired():
            return replace(state, required_papers=event.papers)
        case InsolvencyOpened() | InsolvencyPublished() | InsolvencyAmended() | InsolvencyClosed():
            return replace(state, insolvencies=insolvencies_with(state.insolvencies, recorded, event))
        case _:
            assert_never(event)


def fold_as_of(recorded: Iterable[Recorded], day: date) -> Customer:
    """Return the customer as of a business day.

    Identity has no business date: a customer is shown on days before the registration, which past invoices may have.
    Roles have a first day of their own.
    """
    identity = (events.CustomerRegistered, events.CustomerAmended, events.FieldsSet, events.RolesAssigned)
    state = Customer()
    for event in recorded:
        if event.effective_on <= day or isinstance(event.data, identity):
            state = evolve(state, event)
    return state


def terms_on(state: Customer, day: date) -> Terms | None:
    """Return the terms in force on a day, or ``None``."""
    in_force = [agreed.terms for agreed in state.terms if agreed.valid_from <= day]
    return in_force[-1] if in_force else None
