"""Events that a file reports, in its own terms: numbers and references, not ids.

Stored as JSON until their day. The key is the business key within the entity; two events with equal key and content
are the same event.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias, get_args

import msgspec

from encours.contracts.common import Address
from encours.contracts.events.money.payment import Method
from encours.contracts.events.sales.dispute import Category, Outcome
from encours.kernel.terms import DueKind
from invoice_svc.imports.terms.imported import ImportedTerms


class _ImportedBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    pass


class ImportedEntity(_ImportedBase, frozen=True, kw_only=True, tag="entity"):
    """The creditor whose books the file holds."""

    name: str
    country: str
    currency: str
    time_zone: str
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    iban: str | None = None


class ImportedCustomer(_ImportedBase, frozen=True, kw_only=True, tag="customer"):
    """A debtor, identified by its code in the creditor's books."""

    ref: str
    name: str
    country: str
    language: str
    email: str | None = None
    phone: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: Address | msgspec.UnsetType = msgspec.UNSET
    """Left out of the bytes if unset, as the others of its kind: lines imported before it existed keep their bytes."""
    siret: str | msgspec.UnsetType = msgspec.UNSET
    lei: str | msgspec.UnsetType = msgspec.UNSET
    iban: str | msgspec.UnsetType = msgspec.UNSET
    delivery_address: Address | msgspec.UnsetType = msgspec.UNSET
    tags: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    fields: dict[str, str | bool] | msgspec.UnsetType = msgspec.UNSET
    """Values of custom fields by code."""
    segment: str | None = None
    salesperson: str | None = None
    due_kind: DueKind | None = None
    due_days: int | None = None
    terms: ImportedTerms | msgspec.UnsetType = msgspec.UNSET
    """Conditions that say more than kind and days, which then are unset above; else unset, as for addresses."""
    on: date | None = None


class ImportedRoles(_ImportedBase, frozen=True, kw_only=True, tag="customer_roles"):
    """Roles around a customer from a day on, all of them, by the customers' codes; ``None`` is the customer itself."""

    customer: str
    valid_from: date
    payer: str | None = None
    billed: str | None = None
    delivered: str | None = None
    group: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """Codes of the other customers by role."""
        roles = {"payer": self.payer, "billed": self.billed, "delivered": self.delivered, "group": self.group}
        return {role: ref for role, ref in roles.items() if ref is not None}


class ImportedInvoice(_ImportedBase, frozen=True, kw_only=True, tag="invoice"):
    """An issued invoice with its original number."""

    number: str
    customer: str
    issued_on: date
    due_on: date | None
    currency: str
    total_minor: int
    net_minor: int | None = None
    vat_minor: int | None = None
    reference: str | None = None
    terms: ImportedTerms | msgspec.UnsetType = msgspec.UNSET
    """Conditions of this invoice alone."""
    instalments: tuple[tuple[date, int], ...] | msgspec.UnsetType = msgspec.UNSET
    """Days, and minor units that are due on each."""
    fields: dict[str, str | bool] | msgspec.UnsetType = msgspec.UNSET
    """Values of custom fields by code."""


class ImportedPayment(_ImportedBase, frozen=True, kw_only=True, tag="payment"):
    """A receipt. ``allocations``: pairs of invoice number and minor units; ``None`` applies the allocation rules."""

    ref: str
    customer: str | None
    received_on: date
    currency: str
    amount_minor: int
    method: Method = "transfer"
    text: str | None = None
    allocations: tuple[tuple[str, int], ...] | None = None


class ImportedCreditNote(_ImportedBase, frozen=True, kw_only=True, tag="credit_note"):
    """A credit note on an invoice; without an amount, on all that is outstanding."""

    number: str
    invoice: str
    issued_on: date
    currency: str
    amount_minor: int | None = None
    cause: str


class ImportedDispute(_ImportedBase, frozen=True, kw_only=True, tag="dispute"):
    """A dispute on an invoice; without an amount, on all that is outstanding."""

    ref: str
    invoice: str
    opened_on: date
    currency: str
    category: Category = "other"
    amount_minor: int | None = None
    text: str = ""
    owner: str | None = None


class ImportedResolution(_ImportedBase, frozen=True, kw_only=True, tag="dispute_resolved"):
    """The resolution of a dispute."""

    ref: str
    on: date
    outcome: Outcome
    text: str | None = None


class ImportedReversal(_ImportedBase, frozen=True, kw_only=True, tag="payment_reversed"):
    """The reversal of a payment."""

    ref: str
    on: date
    cause: str


ImportedEvent: TypeAlias = (
    ImportedEntity
    | ImportedCustomer
    | ImportedRoles
    | ImportedInvoice
    | ImportedPayment
    | ImportedCreditNote
    | ImportedDispute
    | ImportedResolution
    | ImportedReversal
)
Kind = Literal[
    "entity",
    "customer",
    "invoice",
    "dispute",
    "dispute_resolved",
    "credit_note",
    "payment",
    "payment_reversed",
    "customer_roles",
]
"""In the order of :attr:`EventOrder.rank`, but for roles, which come with the customers."""
_RANK = {kind: rank for rank, kind in enumerate(get_args(Kind))}
_RANK["customer_roles"] = _RANK["customer"]

_encoder = msgspec.json.Encoder(order="sorted")
_decoder: msgspec.json.Decoder[ImportedEvent] = msgspec.json.Decoder(ImportedEvent)


def to_bytes(event: ImportedEvent) -> bytes:
    """Return the event as canonical JSON; equal events give equal bytes."""
    return _encoder.encode(event)


def from_bytes(data: bytes) -> ImportedEvent:
    """Return the event from its stored bytes."""
    return _decoder.decode(data)


class EventOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Key, day and rank of an event; without a day it is recorded on the first day that is opened.

    ``rank`` orders events of one customer and day: an invoice before its payment, the resolution of a dispute before
    the payment that follows it. ``customer_ref`` is the customer's code if the line names it; otherwise ``parent`` is
    the key of the event that does.
    """

    key: str
    on: date | None
    rank: int
    customer_ref: str | None = None
    parent: str | None = None


def order_of(event: ImportedEvent) -> EventOrder:
    """Return the key, day and rank of an event."""
    match event:
        case ImportedEntity():
            return EventOrder(key="entity", on=None, rank=_RANK["entity"])
        case ImportedCustomer():
            return _order("customer", event.ref, event.on, customer_ref=event.ref)
        case ImportedRoles():
            ref = f"{event.customer}:{event.valid_from}"
            return _order("customer_roles", ref, event.valid_from, customer_ref=event.customer)
        case ImportedInvoice():
            return _order("invoice", event.number, event.issued_on, customer_ref=event.customer)
        case ImportedDispute():
            return _order("dispute", event.ref, event.opened_on, parent=("invoice", event.invoice))
        case ImportedResolution():
            return _order("dispute_resolved", event.ref, event.on, parent=("dispute", event.ref))
        case ImportedCreditNote():
            return _order("credit_note", event.number, event.issued_on, parent=("invoice", event.invoice))
        case ImportedPayment():
            return _order("payment", event.ref, event.received_on, customer_ref=event.customer)
        case ImportedReversal():
            return _order("payment_reversed", event.ref, event.on, parent=("payment", event.ref))


def _order(
    kind: Kind,
    ref: str,
    on: date | None,
    *,
    customer_ref: str | None = None,
    parent: tuple[Kind, str] | None = None,
) -> EventOrder:
    parent_key = parent and f"{parent[0]}:{parent[1]}"
    return EventOrder(
        key=f"{kind}:{ref}", on=on, rank=_RANK[kind], customer_ref=customer_ref, parent=parent_key
    )
