"""What a line says happened, in the words of the file: numbers and references, not ids.

Stored as JSON while it waits for its day. The key is the business key within the entity; two facts with the
same key and content are one fact.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias, get_args

import msgspec

from encours.contracts.common import Address
from encours.contracts.dispute import Category, Outcome
from encours.contracts.payment import Method
from encours.kernel.terms import DueKind


class _Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    pass


class EntityFact(_Fact, frozen=True, kw_only=True, tag="entity"):
    """The creditor whose books these are."""

    name: str
    country: str
    currency: str
    time_zone: str
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    iban: str | None = None


class CustomerFact(_Fact, frozen=True, kw_only=True, tag="customer"):
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
    """Not in the bytes where it is unset: lines taken over before there were addresses are the same facts still."""
    segment: str | None = None
    salesperson: str | None = None
    due_kind: DueKind | None = None
    due_days: int | None = None
    on: date | None = None


class InvoiceFact(_Fact, frozen=True, kw_only=True, tag="invoice"):
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


class PaymentFact(_Fact, frozen=True, kw_only=True, tag="payment"):
    """Money in; ``allocations`` are pairs of invoice number and minor units, ``None`` leaves it to the rules."""

    ref: str
    customer: str | None
    received_on: date
    currency: str
    amount_minor: int
    method: Method = "transfer"
    text: str | None = None
    allocations: tuple[tuple[str, int], ...] | None = None


class CreditFact(_Fact, frozen=True, kw_only=True, tag="credit_note"):
    """A credit note on an invoice; without an amount, the whole."""

    number: str
    invoice: str
    issued_on: date
    currency: str
    amount_minor: int | None = None
    cause: str


class DisputeFact(_Fact, frozen=True, kw_only=True, tag="dispute"):
    """A contested amount; without an amount, what is open."""

    ref: str
    invoice: str
    opened_on: date
    currency: str
    category: Category = "other"
    amount_minor: int | None = None
    text: str = ""
    owner: str | None = None


class ResolutionFact(_Fact, frozen=True, kw_only=True, tag="dispute_resolved"):
    """The end of a dispute."""

    ref: str
    on: date
    outcome: Outcome
    text: str | None = None


class ReversalFact(_Fact, frozen=True, kw_only=True, tag="payment_reversed"):
    """A payment that came undone."""

    ref: str
    on: date
    cause: str


Fact: TypeAlias = (
    EntityFact
    | CustomerFact
    | InvoiceFact
    | PaymentFact
    | CreditFact
    | DisputeFact
    | ResolutionFact
    | ReversalFact
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
"""In the order of :attr:`Placed.rank`."""
_RANK = {kind: rank for rank, kind in enumerate(get_args(Kind))}

_encoder = msgspec.json.Encoder(order="sorted")
_decoder: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


def to_bytes(fact: Fact) -> bytes:
    """The same fact gives the same bytes: they are what two lines are compared by."""
    return _encoder.encode(fact)


def from_bytes(data: bytes) -> Fact:
    """A stored fact."""
    return _decoder.decode(data)


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fact belongs: its key, its day (``None``: the first that is opened), and its place in that day.

    ``rank`` orders facts of one customer and day: an invoice before the money for it, the end of a dispute
    before the payment that followed it. ``party`` is the customer, where the line names it; else ``parent`` is
    the key of the fact that does.
    """

    key: str
    on: date | None
    rank: int
    party: str | None = None
    parent: str | None = None


def place(fact: Fact) -> Placed:
    """The key and the place of a fact."""
    match fact:
        case EntityFact():
            return Placed(key="entity", on=None, rank=_RANK["entity"])
        case CustomerFact():
            return _placed("customer", fact.ref, fact.on, party=fact.ref)
        case InvoiceFact():
            return _placed("invoice", fact.number, fact.issued_on, party=fact.customer)
        case DisputeFact():
            return _placed("dispute", fact.ref, fact.opened_on, parent=("invoice", fact.invoice))
        case ResolutionFact():
            return _placed("dispute_resolved", fact.ref, fact.on, parent=("dispute", fact.ref))
        case CreditFact():
            return _placed("credit_note", fact.number, fact.issued_on, parent=("invoice", fact.invoice))
        case PaymentFact():
            return _placed("payment", fact.ref, fact.received_on, party=fact.customer)
        case ReversalFact():
            return _placed("payment_reversed", fact.ref, fact.on, parent=("payment", fact.ref))


def _placed(
    kind: Kind,
    ref: str,
    on: date | None,
    *,
    party: str | None = None,
    parent: tuple[Kind, str] | None = None,
) -> Placed:
    above = parent and f"{parent[0]}:{parent[1]}"
    return Placed(key=f"{kind}:{ref}", on=on, rank=_RANK[kind], party=party, parent=above)
