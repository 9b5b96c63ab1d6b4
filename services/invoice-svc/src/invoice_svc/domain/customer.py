"""The debtor: identity, contract terms by date, people, remarks.

The promise kept here: what an invoice was issued under can be told for any date, because terms are agreed from
a day on and never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts import customer as facts
from encours.contracts.common import Address, Terms
from encours.kernel.errors import Conflict, NotFound
from encours.kernel.terms import DueRule


@dataclass(frozen=True, slots=True)
class RegisterCustomer:
    """A customer of an entity. ``external_ref`` is its code in the creditor's own books."""

    customer_id: str
    entity_id: str
    name: str
    country: str
    language: str = "fr"
    external_ref: str | None = None
    email: str | None = None
    phone: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: Address | None = None
    segment: str | None = None
    salesperson: str | None = None


@dataclass(frozen=True, slots=True)
class AmendCustomer:
    """The identity from now on; all of it."""

    name: str
    country: str
    language: str
    email: str | None
    phone: str | None
    siren: str | None
    vat_id: str | None
    address: Address | None
    segment: str | None
    salesperson: str | None


@dataclass(frozen=True, slots=True)
class AgreeTerms:
    """Contract conditions for invoices issued from ``valid_from`` on."""

    valid_from: date
    terms: Terms


@dataclass(frozen=True, slots=True)
class AddContact:
    """A person at the customer, by role such as ``accounts_payable``."""

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
    """What the decisions and answers need to know of a customer."""

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
    terms: tuple[AgreeTerms, ...] = ()
    """Ascending by ``valid_from``; the later agreement for the same day replaces the earlier."""
    contacts: tuple[AddContact, ...] = ()
    notes: tuple[Note, ...] = ()


CustomerFact = (
    facts.CustomerRegistered
    | facts.CustomerAmended
    | facts.TermsAgreed
    | facts.TermsBeyondCeiling
    | facts.CustomerContactAdded
    | facts.CustomerNoted
)


def evolve(state: Customer, recorded: Recorded) -> Customer:
    """The customer after one more fact."""
    event = cast(CustomerFact, recorded.data)
    match event:
        case facts.CustomerRegistered():
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
            )
        case facts.CustomerAmended():
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
            )
        case facts.TermsAgreed():
            kept = [agreed for agreed in state.terms if agreed.valid_from != event.valid_from]
            kept.append(AgreeTerms(event.valid_from, event.terms))
            return replace(state, terms=tuple(sorted(kept, key=lambda agreed: agreed.valid_from)))
        case facts.TermsBeyondCeiling():
            return state
        case facts.CustomerContactAdded():
            contact = AddContact(event.role, event.name, event.email, event.phone)
            return replace(state, contacts=(*state.contacts, contact))
        case facts.CustomerNoted():
            return replace(state, notes=(*state.notes, Note(event.text, recorded.effective_on)))
        case _:
            assert_never(event)


def fold_as_of(recorded: Iterable[Recorded], day: date) -> Customer:
    """The customer by what counted on a business day.

    Who the customer is, is not dated business: invoices of days before the registration are theirs.
    """
    identity = (facts.CustomerRegistered, facts.CustomerAmended)
    state = Customer()
    for fact in recorded:
        if fact.effective_on <= day or isinstance(fact.data, identity):
            state = evolve(state, fact)
    return state


def require(state: Customer, customer_id: str) -> Customer:
    """The customer, or :class:`NotFound`."""
    if not state.customer_id:
        raise NotFound("customer", customer_id)
    return state


def terms_on(state: Customer, day: date) -> Terms | None:
    """The agreement in force on a day; ``None`` when there is none."""
    in_force = [agreed.terms for agreed in state.terms if agreed.valid_from <= day]
    return in_force[-1] if in_force else None


def register(state: Customer, command: RegisterCustomer) -> list[CustomerFact]:
    """The customer of an entity."""
    if state.customer_id:
        raise Conflict("customer-exists", f"{state.customer_id} is registered already; PATCH it to amend it.")
    return [
        facts.CustomerRegistered(
            customer_id=command.customer_id,
            entity_id=command.entity_id,
            name=command.name,
            external_ref=command.external_ref,
            country=command.country,
            language=command.language,
            email=command.email,
            phone=command.phone,
            siren=command.siren,
            vat_id=command.vat_id,
            address=command.address,
            segment=command.segment,
            salesperson=command.salesperson,
        )
    ]


def amend(state: Customer, command: AmendCustomer) -> list[CustomerFact]:
    """The new identity; nothing when it is the same."""
    amended = facts.CustomerAmended(
        customer_id=state.customer_id,
        name=command.name,
        country=command.country,
        language=command.language,
        email=command.email,
        phone=command.phone,
        siren=command.siren,
        vat_id=command.vat_id,
        address=command.address,
        segment=command.segment,
        salesperson=command.salesperson,
    )
    return [] if identity(state) == command else [amended]


def identity(state: Customer) -> AmendCustomer:
    """The amendable part of a customer as it stands, to change single fields of."""
    return AmendCustomer(
        state.name,
        state.country,
        state.language,
        state.email,
        state.phone,
        state.siren,
        state.vat_id,
        state.address,
        state.segment,
        state.salesperson,
    )


def agree_terms(state: Customer, command: AgreeTerms) -> list[CustomerFact]:
    """The agreement, with a warning beside it when its delay is beyond what L441-10 I allows."""
    if command in state.terms:
        return []
    terms = command.terms
    agreed = facts.TermsAgreed(customer_id=state.customer_id, valid_from=command.valid_from, terms=terms)
    rule = DueRule(terms.due_kind, terms.days)
    if not rule.beyond_ceiling():
        return [agreed]
    warning = facts.TermsBeyondCeiling(
        customer_id=state.customer_id,
        valid_from=command.valid_from,
        ceiling_days=rule.ceiling_days,
        agreed_days=terms.days,
    )
    return [agreed, warning]


def add_contact(state: Customer, command: AddContact) -> list[CustomerFact]:
    """One more person; nothing when that person is known already."""
    if command in state.contacts:
        return []
    return [
        facts.CustomerContactAdded(
            customer_id=state.customer_id,
            role=command.role,
            name=command.name,
            email=command.email,
            phone=command.phone,
        )
    ]


def note(state: Customer, text: str) -> list[CustomerFact]:
    """One more remark; the same words on another day are another remark."""
    return [facts.CustomerNoted(customer_id=state.customer_id, text=text)]
