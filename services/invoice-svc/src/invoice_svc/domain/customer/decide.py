"""Rules of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import UNSET
from msgspec.structs import replace

from encours.contracts.common import Terms
from encours.contracts.events import customer as events
from encours.contracts.parties import roles_on
from encours.kernel.errors import FieldError, Refusal
from encours.kernel.terms import beyond_ceiling
from encours.legal.law import LatePaymentLaw
from invoice_svc.domain.custom_field.decide import values_with
from invoice_svc.domain.customer.commands import (
    AddContact,
    AmendCustomer,
    AssignRoles,
    NoteCustomer,
    RegisterCustomer,
    RequirePapers,
    SetFields,
)
from invoice_svc.domain.customer.state import Agreement, Contact, Customer, CustomerEvent
from invoice_svc.domain.identifiers import contradictions
from invoice_svc.domain.refusals import CustomerOfOtherEntity
from invoice_svc.domain.terms import due_rule


class CustomerExists(Refusal):
    """A customer with the id or the external reference is registered already."""

    code = "customer-exists"
    title = "Customer already exists"
    remedy = "PATCH it, or choose another external_ref."


class IdentifiersContradict(Refusal):
    """Two identifiers belong to different companies (422)."""

    code = "identifiers-contradict"
    title = "Identifiers belong to different companies"
    status = 422
    remedy = "Correct the identifiers that errors[] points to."


_IDENTITY = tuple(field for field in events.CustomerAmended.__struct_fields__ if field != "customer_id")
"""Fields that :class:`AmendCustomer` can change; they have one name in the command, the state and the event."""


def register(state: Customer, command: RegisterCustomer) -> list[CustomerEvent]:
    """Register the customer of an entity."""
    if state.customer_id:
        raise CustomerExists(f"{state.customer_id} already exists; PATCH it to change it.")
    _require_one_company(command.siren, command.siret, command.vat_id)
    return [
        events.CustomerRegistered(
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
            siret=command.siret,
            lei=command.lei,
            iban=command.iban,
            delivery_address=command.delivery_address,
            tags=command.tags,
        )
    ]


def amend(state: Customer, command: AmendCustomer) -> list[CustomerEvent]:
    """Amend the identity; no event if it is the same."""
    same = events.CustomerAmended(
        customer_id=state.customer_id, **{name: getattr(state, name) for name in _IDENTITY}
    )
    given = {name: getattr(command, name) for name in _IDENTITY}
    amended = replace(same, **{name: value for name, value in given.items() if value is not UNSET})
    if any(given[name] is not UNSET for name in ("siren", "siret", "vat_id")):
        _require_one_company(amended.siren, amended.siret, amended.vat_id)
    return [] if amended == same else [amended]


def require_free_ref(customer_id: str, external_ref: str, holder: str | None) -> None:
    """Raise ``customer-exists`` if another customer of the entity has the external reference."""
    if holder is not None and holder != customer_id:
        raise CustomerExists(
            f"{holder} has the external_ref {external_ref}.",
            errors=(FieldError("/external_ref", "Use another one, or clear it there first."),),
        )


def agree_terms(
    state: Customer,
    valid_from: date,
    terms: Terms,
    law: LatePaymentLaw,
    from_risk: events.TermsFromRisk | None = None,
) -> list[CustomerEvent]:
    """Agree terms; warnings are added if they exceed the ceiling of the creditor's law, or pay less than its floor."""
    if Agreement(valid_from, terms) in state.terms:
        return []
    found: list[CustomerEvent] = [
        events.TermsAgreed(
            customer_id=state.customer_id, valid_from=valid_from, terms=terms, from_risk=from_risk
        )
    ]
    ceiling = law.ceiling(valid_from)
    if ceiling is not None and (excess := beyond_ceiling(due_rule(terms), ceiling)):
        found.append(
            events.TermsBeyondCeiling(
                customer_id=state.customer_id,
                valid_from=valid_from,
                ceiling_days=excess.ceiling_days,
                agreed_days=excess.agreed_days,
            )
        )
    if floor := law.floor_above(terms, valid_from):
        found.append(
            events.PenaltyBelowFloor(
                customer_id=state.customer_id,
                valid_from=valid_from,
                floor_bps=floor.value,
                agreed_bps=terms.penalty_rate_bps or 0,
                basis=floor.source,
            )
        )
    return found


def set_fields(state: Customer, command: SetFields, checked: Mapping[str, str]) -> list[CustomerEvent]:
    """Set the values, which were checked against their fields; no event if they are the same."""
    values = values_with(state.fields, command.values, checked)
    return [] if values is None else [events.FieldsSet(customer_id=state.customer_id, fields=values)]


def assign_roles(
    state: Customer, command: AssignRoles, named: Mapping[str, Customer], valid_from: date
) -> list[CustomerEvent]:
    """Assign the roles from a day on; no event if they are assigned so already, and nothing follows that day.

    ``named`` are the other customers by the field of the request. Each has to be one of the entity.
    """
    for role, other in named.items():
        if other.entity_id != state.entity_id:
            raise CustomerOfOtherEntity(
                f"{other.customer_id} is a customer of {other.entity_id}, not of {state.entity_id}.",
                f"/{role}",
            )
    ids = {role: other.customer_id for role, other in named.items()}
    assigned = events.RolesAssigned(
        customer_id=state.customer_id,
        valid_from=valid_from,
        payer_id=ids.get("payer"),
        billed_id=ids.get("billed"),
        delivered_id=ids.get("delivered"),
        group_id=ids.get("group"),
    )
    known = roles_on(state.roles, valid_from)
    same = (known.payer_id, known.billed_id, known.delivered_id, known.group_id) == (
        assigned.payer_id, assigned.billed_id, assigned.delivered_id, assigned.group_id,
    )  # fmt: skip
    return [] if same else [assigned]


def add_contact(state: Customer, command: AddContact) -> list[CustomerEvent]:
    """Add a contact; no event if the contact is known already."""
    if Contact(command.role, command.name, command.email, command.phone) in state.contacts:
        return []
    return [
        events.CustomerContactAdded(
            customer_id=state.customer_id,
            role=command.role,
            name=command.name,
            email=command.email,
            phone=command.phone,
        )
    ]


def require_papers(state: Customer, command: RequirePapers) -> list[CustomerEvent]:
    """Require papers before an invoice is issued; no event if they are the same."""
    papers = tuple(sorted(set(command.papers)))
    if papers == state.required_papers:
        return []
    return [events.PapersRequired(customer_id=state.customer_id, papers=papers)]


def note(state: Customer, command: NoteCustomer) -> list[CustomerEvent]:
    """Add a note; the same text on another day is another note."""
    return [events.CustomerNoted(customer_id=state.customer_id, text=command.text)]


def _require_one_company(siren: str | None, siret: str | None, vat_id: str | None) -> None:
    found = contradictions(siren, siret, vat_id)
    if found:
        raise IdentifiersContradict(
            " ".join(found.values()),
            errors=tuple(FieldError(f"/{name}", reason) for name, reason in found.items()),
        )


def require_customer_of(state: Customer, entity_id: str) -> None:
    """Raise :class:`CustomerOfOtherEntity` unless the customer is one of the entity."""
    if state.entity_id != entity_id:
        raise CustomerOfOtherEntity(
            f"{state.customer_id} is a customer of {state.entity_id}, not of {entity_id}.",
            errors=(FieldError("/customer_id", f"Use a customer of {entity_id}."),),
        )
