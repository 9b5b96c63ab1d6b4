"""Answers of /v1/customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from encours.contracts.events.parties.customer import Paper
from encours.contracts.events.parties.insolvency import InsolvencyKind, InsolvencyOutcome
from encours.contracts.insolvency import Insolvency
from encours.contracts.parties import OWN, Roles, merged_into, roles_on
from encours.contracts.recipients import PURPOSES, Purpose, Recipient, recipient
from encours.http.answers import Answer, Json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.customer.insolvency import proceedings_in_force
from invoice_svc.domain.customer.likeness import Mark
from invoice_svc.domain.customer.state import Customer, terms_on
from invoice_svc.http.common import AddressOut, iso
from invoice_svc.http.terms import TermsOut
from invoice_svc.read_models.agreements.query import AgreedTerms
from invoice_svc.use_cases.folds import CUSTOMER


class ContactOut(BaseModel):
    """A person at the customer."""

    role: str
    name: str
    email: str | None
    phone: str | None


class RecipientOut(BaseModel):
    """The address that is written to, and the name there; `role` is null for the customer itself."""

    role: str | None
    name: str
    email: str | None

    @classmethod
    def of(cls, found: Recipient) -> Json:
        """Return a recipient as JSON."""
        return {"role": found.role, "name": found.name, "email": found.email}


class RolesOut(BaseModel):
    """Parties around a customer from a day on; `valid_from` is null for a customer without assignments."""

    valid_from: date | None
    payer: str
    billed: str
    delivered: str
    group: str | None

    @classmethod
    def of(cls, customer_id: str, roles: Roles) -> Json:
        """Return roles as JSON."""
        return {
            "valid_from": None if roles == OWN else iso(roles.valid_from),
            "payer": roles.payer_id or customer_id,
            "billed": roles.billed_id or customer_id,
            "delivered": roles.delivered_id or customer_id,
            "group": roles.group_id,
        }


class NoteOut(BaseModel):
    """A dated remark."""

    noted_on: date
    text: str


class InsolvencyOut(BaseModel):
    """Insolvency proceedings; `outcome` is null while they are in force."""

    kind: InsolvencyKind
    country: str
    opened_on: date
    published_on: date | None
    court: str | None
    case_number: str | None
    administrator: str | None
    closed_on: date | None
    outcome: InsolvencyOutcome | None

    @classmethod
    def of(cls, found: Insolvency) -> Json:
        """Show proceedings."""
        return {
            "kind": found.kind,
            "country": found.country,
            "opened_on": iso(found.opened_on),
            "published_on": iso(found.published_on),
            "court": found.court,
            "case_number": found.case_number,
            "administrator": found.administrator,
            "closed_on": iso(found.closed_on),
            "outcome": found.outcome,
        }


class CustomerOut(AsOf):
    """A customer. `terms` are those in force as of the date, null if nothing is agreed; `agreements` are all."""

    id: str
    entity_id: str
    name: str
    external_ref: str | None
    country: str
    language: str
    email: str | None
    phone: str | None
    siren: str | None
    vat_id: str | None
    address: AddressOut | None
    segment: str | None
    salesperson: str | None
    siret: str | None
    lei: str | None
    iban: str | None
    delivery_address: AddressOut | None
    tags: list[str]
    terms: TermsOut | None
    agreements: list[TermsOut]
    fields: dict[str, str] = Field(description="Values of custom fields, by code.")
    roles: RolesOut = Field(description="Those in force as of the date.")
    role_assignments: list[RolesOut]
    merged_into: str | None = Field(
        description="Record of the same debtor that stands for this one on the date; null if not merged."
    )
    insolvency: InsolvencyOut | None = Field(description="Proceedings in force on the date, of this record.")
    insolvencies: list[InsolvencyOut] = Field(description="All proceedings, those that ended too.")
    contacts: list[ContactOut]
    recipients: dict[Purpose, RecipientOut] = Field(
        description="Who is written to for each purpose: the last contact with an e-mail address in the order of "
        "roles dunning, billing; dispute, billing; escalation, dunning, billing; else the customer itself."
    )
    notes: list[NoteOut]
    required_papers: list[Paper]
    version: int

    @classmethod
    def of(cls, state: Customer, version: int, as_of: date) -> Json:
        """Show a customer; ``terms`` are those in force on the day."""
        in_force = terms_on(state, as_of)
        proceedings = proceedings_in_force(state)
        return {
            "id": state.customer_id,
            "entity_id": state.entity_id,
            "name": state.name,
            "external_ref": state.external_ref,
            "country": state.country,
            "language": state.language,
            "email": state.email,
            "phone": state.phone,
            "siren": state.siren,
            "vat_id": state.vat_id,
            "address": AddressOut.of(state.address),
            "segment": state.segment,
            "salesperson": state.salesperson,
            "siret": state.siret,
            "lei": state.lei,
            "iban": state.iban,
            "delivery_address": AddressOut.of(state.delivery_address),
            "tags": list(state.tags),
            "terms": TermsOut.of(in_force),
            "agreements": [TermsOut.of(agreed.terms, agreed.valid_from) for agreed in state.terms],
            "fields": dict(state.fields),
            "roles": RolesOut.of(state.customer_id, roles_on(state.roles, as_of)),
            "role_assignments": [RolesOut.of(state.customer_id, roles) for roles in state.roles],
            "merged_into": merged_into(state.merges, as_of),
            "insolvency": InsolvencyOut.of(proceedings) if proceedings else None,
            "insolvencies": [InsolvencyOut.of(each) for each in state.insolvencies],
            "contacts": [
                {"role": c.role, "name": c.name, "email": c.email, "phone": c.phone} for c in state.contacts
            ],
            "recipients": {purpose: RecipientOut.of(recipient(state, purpose)) for purpose in PURPOSES},
            "notes": [{"noted_on": iso(note.noted_on), "text": note.text} for note in state.notes],
            "required_papers": list(state.required_papers),
            "version": version,
        }


class ListedCustomerOut(CustomerOut):
    """A customer of a list."""

    matched: Literal["name", "external_ref"] | None = Field(
        description="Part of the record that matched `q`; null without one."
    )


class CustomerListing(AsOf, Listing[ListedCustomerOut]):
    """A page of customers."""


class AgreedTermsOut(BaseModel):
    """Terms in force from a day until the day before another."""

    valid_from: date
    valid_until: date | None = Field(
        description="First day on which they are no longer in force; null without end."
    )
    agreed_on: date
    terms: TermsOut

    @classmethod
    def of(cls, found: AgreedTerms) -> Json:
        """Show an agreement."""
        return {
            "valid_from": iso(found.valid_from),
            "valid_until": iso(found.valid_until),
            "agreed_on": iso(found.agreed_on),
            "terms": TermsOut.of(found.terms),
        }


class TermsHistoryOut(AsOf):
    """Terms agreed with a customer, in the order of their days; no two are in force on one day.

    `in_force` are those for an invoice issued on `as_of`, null if nothing is agreed.
    """

    customer_id: str
    in_force: AgreedTermsOut | None
    data: list[AgreedTermsOut]

    @classmethod
    def of(cls, customer_id: str, found: Sequence[AgreedTerms], as_of: date) -> Json:
        """Show the history of a customer's terms."""
        begun = [agreed for agreed in found if agreed.valid_from <= as_of]
        return {
            "customer_id": customer_id,
            "in_force": AgreedTermsOut.of(begun[-1]) if begun else None,
            "data": [AgreedTermsOut.of(agreed) for agreed in found],
        }


class DuplicateOut(BaseModel):
    """A customer that may be the same debtor, and the values that both have."""

    customer_id: str
    name: str
    reasons: dict[Mark, str]


class DuplicatesOut(AsOf):
    """Customers that may be the same debtor, those with the most reasons first."""

    data: list[DuplicateOut]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Json:
        """Return the rows as JSON."""
        return {
            "data": [
                {
                    "customer_id": row["customer_id"],
                    "name": row["name"],
                    "reasons": dict(mark.split(":", 1) for mark in row["marks"]),
                }
                for row in rows
            ]
        }


CUSTOMER_ANSWER = Answer(CUSTOMER, CustomerOut.of)
