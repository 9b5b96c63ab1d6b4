"""The debtor. Stream: the customer id. Appended by invoice-svc."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Upcaster, Value
from encours.contracts.common import Address, Terms
from encours.contracts.events.risk_terms import RiskTermsKind


class CustomerRegistered(Event, frozen=True, kw_only=True):
    """A customer of an entity; ``external_ref`` is its code in the creditor's books, unique per entity."""

    TYPE: ClassVar[str] = "customer.registered"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: lambda fields: fields}
    customer_id: str
    entity_id: str
    name: str
    external_ref: str | None
    country: str
    language: str
    email: str | None
    phone: str | None
    siren: str | None
    vat_id: str | None
    address: Address | None
    segment: str | None
    salesperson: str | None
    siret: str | None = None
    lei: str | None = None
    iban: str | None = None
    """Account that the customer pays from."""
    delivery_address: Address | None = None
    """Usual place of delivery if it is not ``address``."""
    tags: tuple[str, ...] = ()


class CustomerAmended(Event, frozen=True, kw_only=True):
    """The identity from now on; all of it."""

    TYPE: ClassVar[str] = "customer.amended"
    VERSION: ClassVar[int] = 3
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: lambda fields: fields, 2: lambda fields: fields}
    customer_id: str
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
    siret: str | None = None
    lei: str | None = None
    iban: str | None = None
    """Account that the customer pays from."""
    delivery_address: Address | None = None
    """Usual place of delivery if it is not ``address``."""
    tags: tuple[str, ...] = ()
    external_ref: str | None = ""
    """Code in the creditor's books; empty as it was before, so in events before version 3."""

    def ref_after(self, known: str | None) -> str | None:
        """Return the code from the event on, of a customer that had a known one."""
        return known if self.external_ref == "" else self.external_ref


class CustomerRefTaken(Event, frozen=True, kw_only=True):
    """A customer takes a code that it was not registered with.

    Stream: the id of the code, from entity and code. So of two customers that take one code at once, one is refused.
    The customer may have given the code up since: its own stream says which code it has.
    """

    TYPE: ClassVar[str] = "customer_ref.taken"
    customer_ref_id: str
    customer_id: str
    external_ref: str


class TermsFromRisk(Value, frozen=True, kw_only=True):
    """Terms that risk-svc proposed and that were accepted, or ended, as the cause of an agreement."""

    proposal_number: int
    kind: RiskTermsKind
    ended: bool
    before: Terms
    """Terms in force before, agreed or by law."""


class TermsAgreed(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Contract conditions from a date on; invoices issued from that date carry them."""

    TYPE: ClassVar[str] = "customer.terms_agreed"
    customer_id: str
    valid_from: date
    terms: Terms
    from_risk: TermsFromRisk | None = None


class TermsKept(Event, frozen=True, kw_only=True):
    """Terms that risk-svc proposed were accepted, or ended, and change nothing: what is agreed prevails."""

    TYPE: ClassVar[str] = "customer.terms_kept"
    customer_id: str
    proposal_number: int
    kind: RiskTermsKind
    ended: bool


class TermsBeyondCeiling(Event, frozen=True, kw_only=True):
    """The agreed delay is beyond the ceiling of the creditor's law (C. com. L441-10 I). Accepted, and said.

    Days as in :class:`encours.kernel.terms.Excess`.
    """

    TYPE: ClassVar[str] = "customer.terms_beyond_ceiling"
    customer_id: str
    valid_from: date
    ceiling_days: int
    agreed_days: int


class PenaltyBelowFloor(Event, frozen=True, kw_only=True):
    """The agreed penalty rate is below the legal minimum of contractual rates. Accepted, and said."""

    TYPE: ClassVar[str] = "customer.penalty_below_floor"
    customer_id: str
    valid_from: date
    floor_bps: int
    agreed_bps: int
    basis: str
    """Source and calculation of the floor, such as ``C. com. L441-10 II: 3 x 2.62 % (2026-01-01)``."""


class FieldValue(Value, frozen=True, kw_only=True):
    """Value of a custom field in its written form: a decimal number, a date in ISO 8601, ``true`` or ``false``."""

    field_code: str
    value: str


class FieldsSet(Event, frozen=True, kw_only=True):
    """Values of the customer's custom fields from now on; all of them."""

    TYPE: ClassVar[str] = "customer.fields_set"
    customer_id: str
    fields: tuple[FieldValue, ...]


class RolesAssigned(Event, frozen=True, kw_only=True):
    """Roles of the parties around the customer from a day on, all of them; ``None`` is the customer itself.

    ``contracts/parties.py`` says who follows which.
    """

    TYPE: ClassVar[str] = "customer.roles_assigned"
    customer_id: str
    valid_from: date
    payer_id: str | None
    """Payer of the invoices that are billed to the customer."""
    billed_id: str | None
    """Customer that is billed for what this one orders."""
    delivered_id: str | None
    """Customer that receives what this one orders."""
    group_id: str | None
    """Head of the group that the customer belongs to."""


class CustomerMerged(Event, frozen=True, kw_only=True):
    """The customer is the same debtor as another one: from the event's business date on the other record stands for it.

    It moves nothing: ``contracts/parties.py`` says who resolves it, and how. What was issued to the customer before
    keeps its name.
    """

    TYPE: ClassVar[str] = "customer.merged"
    customer_id: str
    into_id: str
    """The record that remains."""
    cause: str | None
    """Reason for which both are one debtor, as the creditor states it."""


class CustomerMergeReversed(Event, frozen=True, kw_only=True):
    """The merge was wrong: from the event's business date on the customer is a debtor of its own again."""

    TYPE: ClassVar[str] = "customer.merge_reversed"
    customer_id: str
    into_id: str
    """The record that it had been merged into."""
    cause: str | None


class CustomerContactAdded(Event, frozen=True, kw_only=True):
    """A person at the customer, by role; the last one with a role is written to (``contracts/recipients.py``)."""

    TYPE: ClassVar[str] = "customer.contact_added"
    customer_id: str
    role: str
    name: str
    email: str | None
    phone: str | None


class CustomerNoted(Event, frozen=True, kw_only=True):
    """A dated remark in the customer's file."""

    TYPE: ClassVar[str] = "customer.noted"
    customer_id: str
    text: str


Paper = Literal["order_number", "delivery_note", "contract"]


class PapersRequired(Event, frozen=True, kw_only=True):
    """Papers without which the customer takes no invoice, from now on; all of them."""

    TYPE: ClassVar[str] = "customer.papers_required"
    customer_id: str
    papers: tuple[Paper, ...]
