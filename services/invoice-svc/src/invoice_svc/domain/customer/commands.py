"""Commands on a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from msgspec import UNSET, UnsetType

from encours.contracts.common import Address, Terms
from encours.contracts.events.parties.customer import Paper
from invoice_svc.domain.terms import ProposedTerms


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
    siret: str | None = None
    lei: str | None = None
    iban: str | None = None
    delivery_address: Address | None = None
    tags: tuple[str, ...] = ()
    terms: ProposedTerms | None = None
    terms_from: date | None = None
    """First day of ``terms``; today if not given."""


@dataclass(frozen=True, slots=True)
class AmendCustomer:
    """Change the identity from now on; an omitted field is unchanged."""

    customer_id: str
    name: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    siren: str | UnsetType | None = UNSET
    vat_id: str | UnsetType | None = UNSET
    address: Address | UnsetType | None = UNSET
    segment: str | UnsetType | None = UNSET
    salesperson: str | UnsetType | None = UNSET
    siret: str | UnsetType | None = UNSET
    lei: str | UnsetType | None = UNSET
    iban: str | UnsetType | None = UNSET
    delivery_address: Address | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    external_ref: str | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class AgreeTerms:
    """Contract conditions for invoices issued from ``valid_from`` on; today if not given."""

    customer_id: str
    terms: Terms | ProposedTerms
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class AssignRoles:
    """Roles of the parties around the customer from ``valid_from`` on, today if not given; ``None`` is itself."""

    customer_id: str
    payer_id: str | None = None
    billed_id: str | None = None
    delivered_id: str | None = None
    group_id: str | None = None
    valid_from: date | None = None

    @property
    def named(self) -> dict[str, str]:
        """Customers by the field that names them; the customer itself is left out."""
        given = {
            "payer": self.payer_id,
            "billed": self.billed_id,
            "delivered": self.delivered_id,
            "group": self.group_id,
        }
        return {role: other for role, other in given.items() if other and other != self.customer_id}


@dataclass(frozen=True, slots=True)
class SetFields:
    """Set values of custom fields by code; ``None`` removes one, fields that are left out stay."""

    customer_id: str
    values: Mapping[str, str | bool | None]


@dataclass(frozen=True, slots=True)
class AddContact:
    """A person at the customer, by role: billing, dunning, dispute, escalation or another."""

    customer_id: str
    role: str
    name: str
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class RequirePapers:
    """Papers without which the customer takes no invoice; all of them."""

    customer_id: str
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class NoteCustomer:
    """A remark for the file."""

    customer_id: str
    text: str
