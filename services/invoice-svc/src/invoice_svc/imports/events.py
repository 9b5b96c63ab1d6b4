"""What a line says happened, in the words of the file: numbers and references, not ids.

Stored as JSON while it waits for its day. The key is the business key within the entity; two events with the
same key and content are one event.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias, get_args

import msgspec

from encours.contracts.common import Address
from encours.contracts.dispute import Category, Outcome
from encours.contracts.payment import Method
from encours.kernel.terms import DueKind


class _ImportedBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    pass


class ImportedEntity(_ImportedBase, frozen=True, kw_only=True, tag="entity"):
    """The creditor whose books these are."""

    name: str
    country: str
    currency: str
    time_zone: str
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    iban: str | None = None


class ImportedCustomer(_ImportedBase, frozen=True, kw_only=True, tag="customer"):
    """A debtor, by its code in the creditor's books."""

    ref: str
    name: str
    country: str
    language: str
    email: str | None = None
    phone: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: Address | msgspec.UnsetType = msgspec.UNSET
    """Not in the bytes where it is unset: lines taken over before there were addresses are the same events still."""
    segment: str | None = None
    salesperson: str | None = None
    due_kind: DueKind | None = None
    due_days: int | None = None
    on: date | None = None


class ImportedInvoice(_ImportedBase, frozen=True, kw_only=True, tag="invoice"):
    """An invoice with the number it has."""

    number: str
    customer: str
    issued_on: date
    due_on: date | None
    currency: str
    total_minor: int
    net_minor: int | None = None
    vat_minor: int | None = None
    reference: str | None = None


class ImportedPayment(_ImportedBase, frozen=True, kw_only=True, tag="payment"):
    """Money in; ``allocations`` are pairs of invoice number and minor units, ``None`` leaves it to the rules."""

    ref: str
    customer: str | None
    received_on: date
    currency: str
    amount_minor: int
    method: Method = "transfer"
    text: str | None = None
    allocations: tuple[tuple[str, int], ...] | None = None


class ImportedCreditNote(_ImportedBase, frozen=True, kw_only=True, tag="credit_note"):
    """A credit note on an invoice; without an amount, the whole."""

    number: str
    invoice: str
    issued_on: date
    currency: str
    amount_minor: int | None = None
    cause: str


class ImportedDispute(_ImportedBase, frozen=True, kw_only=True, tag="dispute"):
    """A contested amount; without an amount, what is open."""

    ref: str
    invoice: str
    opened_on: date
    currency: str
    category: Category = "other"
    amount_minor: int | None = None
    text: str = ""
    owner: str | None = None


class ImportedResolution(_ImportedBase, frozen=True, kw_only=True, tag="dispute_resolved"):
    """The end of a dispute."""

    ref: str
    on: date
    outcome: Outcome
    text: str | None = None


class ImportedReversal(_ImportedBase, frozen=True, kw_only=True, tag="payment_reversed"):
    """A payment that came undone."""

    ref: str
    on: date
    cause: str


ImportedEvent: TypeAlias = (
    ImportedEntity
    | ImportedCustomer
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
]
"""In the order of :attr:`EventOrder.rank`."""
_RANK = {kind: rank for rank, kind in enumerate(get_args(Kind))}

_encoder = msgspec.json.Encoder(order="sorted")
_decoder: msgspec.json.Decoder[ImportedEvent] = msgspec.json.Decoder(ImportedEvent)


def to_bytes(event: ImportedEvent) -> bytes:
    """The same event gives the same bytes: they are what two lines are compared by."""
    return _encoder.encode(event)


def from_bytes(data: bytes) -> ImportedEvent:
    """A stored event."""
    return _decoder.decode(data)


class EventOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event belongs: its key, its day (``None``: the first that is opened), and its place in that day.

    ``rank`` orders events of one customer and day: an invoice before the money for it, the end of a dispute
    before the payment that followed it. ``party`` is the customer, where the line names it; else ``parent`` is
    the key of the event that does.
    """

    key: str
    on: date | None
    rank: int
    party: str | None = None
    parent: str | None = None


def order_of(event: ImportedEvent) -> EventOrder:
    """The key and the place of an event."""
    match event:
        case ImportedEntity():
            return EventOrder(key="entity", on=None, rank=_RANK["entity"])
        case ImportedCustomer():
            return _placed("customer", event.ref, event.on, party=event.ref)
        case ImportedInvoice():
            return _placed("invoice", event.number, event.issued_on, party=event.customer)
        case ImportedDispute():
            return _placed("dispute", event.ref, event.opened_on, parent=("invoice", event.invoice))
        case ImportedResolution():
            return _placed("dispute_resolved", event.ref, event.on, parent=("dispute", event.ref))
        case ImportedCreditNote():
            return _placed("credit_note", event.number, event.issued_on, parent=("invoice", event.invoice))
        case ImportedPayment():
            return _placed("payment", event.ref, event.received_on, party=event.customer)
        case ImportedReversal():
            return _placed("payment_reversed", event.ref, event.on, parent=("payment", event.ref))


def _placed(
    kind: Kind,
    ref: str,
    on: date | None,
    *,
    party: str | None = None,
    parent: tuple[Kind, str] | None = None,
) -> EventOrder:
    above = parent and f"{parent[0]}:{parent[1]}"
    return EventOrder(key=f"{kind}:{ref}", on=on, rank=_RANK[kind], party=party, parent=above)
