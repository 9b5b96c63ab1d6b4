"""Request bodies of /v1/customers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from encours.contracts.events.parties.customer import Paper
from encours.http.models import Body, BusinessDate, Country, LongText, ShortText
from encours.kernel.ids import new_id
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
from invoice_svc.domain.customer.ref import registered_with
from invoice_svc.http.common import (
    AddressBody,
    CustomerId,
    Email,
    EntityId,
    FieldCode,
    Iban,
    Language,
    Lei,
    Phone,
    Siren,
    Siret,
    Tag,
    VatId,
    named_fields,
)
from invoice_svc.http.terms import AgreedTermsBody


class CustomerBody(Body):
    """A customer of an entity."""

    entity_id: EntityId
    name: ShortText = Field(examples=["Garage Dupont SARL"])
    country: Country = "FR"
    language: Language = "fr"
    external_ref: ShortText | None = Field(
        default=None, description="Code of the customer in your own books."
    )
    email: Email | None = Field(default=None, description="Address for invoices and reminders.")
    phone: Phone | None = None
    siren: Siren | None = None
    vat_id: VatId | None = None
    address: AddressBody | None = None
    segment: ShortText | None = None
    salesperson: ShortText | None = None
    siret: Siret | None = None
    lei: Lei | None = None
    iban: Iban | None = Field(default=None, description="Account that the customer pays from.")
    delivery_address: AddressBody | None = Field(
        default=None, description="Usual place of delivery, if it is not `address`, to which invoices go."
    )
    tags: list[Tag] = Field(default=[], max_length=50)
    terms: AgreedTermsBody | None = Field(default=None, description="Conditions agreed from the start.")

    def to_command(self) -> RegisterCustomer:
        """Return the command.

        The id is derived from the reference, also in imports. So a second customer with the reference has the same
        stream, and is refused.
        """
        return RegisterCustomer(
            customer_id=registered_with(self.entity_id, self.external_ref)
            if self.external_ref
            else new_id("cus"),
            entity_id=self.entity_id,
            name=self.name,
            country=self.country,
            language=self.language,
            external_ref=self.external_ref,
            email=self.email,
            phone=self.phone,
            siren=self.siren,
            vat_id=self.vat_id,
            address=self.address.to_contract() if self.address else None,
            segment=self.segment,
            salesperson=self.salesperson,
            siret=self.siret,
            lei=self.lei,
            iban=self.iban,
            delivery_address=self.delivery_address.to_contract() if self.delivery_address else None,
            tags=tuple(sorted(set(self.tags))),
            terms=self.terms.to_terms() if self.terms else None,
            terms_from=self.terms.valid_from if self.terms else None,
        )


class CustomerPatch(Body):
    """Fields to change; null clears one."""

    name: ShortText | None = None
    external_ref: ShortText | None = Field(
        default=None, description="Code of the customer in your own books; its id stays."
    )
    country: Country | None = None
    language: Language | None = None
    email: Email | None = None
    phone: Phone | None = None
    siren: Siren | None = None
    vat_id: VatId | None = None
    address: AddressBody | None = None
    segment: ShortText | None = None
    salesperson: ShortText | None = None
    siret: Siret | None = None
    lei: Lei | None = None
    iban: Iban | None = None
    delivery_address: AddressBody | None = None
    tags: list[Tag] | None = Field(default=None, max_length=50, description="All tags; `[]` removes them.")

    def to_command(self, customer_id: str) -> AmendCustomer:
        """Return the command. Name, country, language and tags cannot be null: it leaves them unchanged."""
        given = named_fields(self, keep=("name", "country", "language", "tags"))
        if "tags" in given:
            given["tags"] = tuple(sorted(set(given["tags"])))
        return AmendCustomer(customer_id, **given)


class FieldsBody(Body):
    """Values of custom fields: texts, decimal numbers and dates as strings, true or false; null removes one."""

    fields: dict[FieldCode, bool | ShortText | None] = Field(
        min_length=1, max_length=100, examples=[{"sales_channel": "web"}]
    )

    def to_command(self, customer_id: str) -> SetFields:
        """Return the command."""
        return SetFields(customer_id, self.fields)


class RolesBody(Body):
    """Roles of other customers around this one; null or left out is the customer itself."""

    payer: CustomerId | None = Field(
        default=None, description="Pays the invoices that are billed to the customer: reminders go to it."
    )
    billed: CustomerId | None = Field(
        default=None, description="Is billed for what the customer orders; fixed in each invoice at issue."
    )
    delivered: CustomerId | None = Field(default=None, description="Receives what the customer orders.")
    group: CustomerId | None = Field(
        default=None, description="Head of the group: its limit holds for the exposure of all members."
    )
    valid_from: BusinessDate | None = Field(default=None, description="First day; today if not given.")

    def to_command(self, customer_id: str) -> AssignRoles:
        """Return the command."""
        return AssignRoles(customer_id, self.payer, self.billed, self.delivered, self.group, self.valid_from)


class MergeBody(Body):
    """The record of the same debtor that remains, and the first day on which it stands for both."""

    into: CustomerId = Field(description="A customer of the same entity that is not merged itself.")
    on: BusinessDate | None = Field(
        default=None,
        description="First day, today or earlier; today if not given. Figures of earlier days stay.",
    )
    reason: ShortText | None = Field(default=None, examples=["Same SIREN 732829320, entered twice"])

    def to_command(self, customer_id: str) -> MergeCustomer:
        """Return the command."""
        return MergeCustomer(customer_id, self.into, self.reason, self.on)


class MergeReversalBody(Body):
    """The first day on which a wrongly merged customer is a debtor of its own again."""

    on: BusinessDate | None = Field(
        default=None, description="From the day of the merge on, up to today; today if not given."
    )
    reason: ShortText | None = Field(default=None, examples=["Two companies with one name"])

    def to_command(self, customer_id: str) -> ReverseMerge:
        """Return the command."""
        return ReverseMerge(customer_id, self.reason, self.on)


class ContactBody(Body):
    """A person at the customer."""

    role: ShortText = Field(
        description="`billing`, `dunning`, `dispute` or `escalation`: the last contact with the role is written to "
        "for it; another role is kept for your own use.",
        examples=["dunning"],
    )
    name: ShortText = Field(examples=["Claire Martin"])
    email: Email | None = None
    phone: Phone | None = None

    def to_command(self, customer_id: str) -> AddContact:
        """Return the command."""
        return AddContact(customer_id, self.role, self.name, self.email, self.phone)


class PapersBody(Body):
    """Papers without which the customer takes no invoice: all of them, or none."""

    papers: Annotated[list[Paper], Field(max_length=3)] = Field(examples=[["order_number", "delivery_note"]])

    def to_command(self, customer_id: str) -> RequirePapers:
        """Return the command."""
        return RequirePapers(customer_id, tuple(self.papers))


class NoteBody(Body):
    """A remark for the file."""

    text: LongText

    def to_command(self, customer_id: str) -> NoteCustomer:
        """Return the command."""
        return NoteCustomer(customer_id, self.text)


def agreement_of(customer_id: str, body: AgreedTermsBody) -> AgreeTerms:
    """Return the command; its terms are the body itself."""
    return AgreeTerms(customer_id, body.to_terms(""), body.valid_from)
