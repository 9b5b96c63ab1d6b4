"""Answers of /v1/customers."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from encours.http.answers import Answer, Json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.customer.state import Customer, terms_on
from invoice_svc.http.common import AddressOut, TermsOut, iso
from invoice_svc.use_cases.folds import CUSTOMER


class ContactOut(BaseModel):
    """A person at the customer."""

    role: str
    name: str
    email: str | None
    phone: str | None


class NoteOut(BaseModel):
    """A dated remark."""

    noted_on: date
    text: str


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
    terms: TermsOut | None
    agreements: list[TermsOut]
    contacts: list[ContactOut]
    notes: list[NoteOut]
    version: int

    @classmethod
    def of(cls, state: Customer, version: int, as_of: date) -> Json:
        """Show a customer; ``terms`` are those in force on the day."""
        in_force = terms_on(state, as_of)
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
            "terms": TermsOut.of(in_force),
            "agreements": [TermsOut.of(agreed.terms, agreed.valid_from) for agreed in state.terms],
            "contacts": [
                {"role": c.role, "name": c.name, "email": c.email, "phone": c.phone} for c in state.contacts
            ],
            "notes": [{"noted_on": iso(note.noted_on), "text": note.text} for note in state.notes],
            "version": version,
        }


class CustomerListing(AsOf, Listing[CustomerOut]):
    """A page of customers."""


CUSTOMER_ANSWER = Answer(CUSTOMER, CustomerOut.of)
