"""Values that several families of events share."""

from __future__ import annotations

from datetime import date
from typing import Literal

from encours.contracts.base import Value
from encours.kernel.terms import DueKind


class Address(Value, frozen=True, kw_only=True):
    """A postal address; ``country`` is ISO 3166-1 alpha-2."""

    lines: tuple[str, ...]
    postal_code: str
    city: str
    country: str


class Terms(Value, frozen=True, kw_only=True):
    """The contract conditions an invoice is issued under (L441-10) and keeps, whatever is agreed later."""

    due_kind: DueKind
    days: int
    penalty_rate_bps: int | None
    """Contractual yearly rate in hundredths of a percent; ``None`` is the legal default rate."""
    indemnity_minor: int
    """Flat recovery fee per invoice paid late (40 EUR by D441-5), in the invoice's currency; in an agreement
    with a customer, the entity's."""


class VatShare(Value, frozen=True, kw_only=True):
    """The part of a document at one VAT rate."""

    rate_bps: int
    net_minor: int
    vat_minor: int


class Line(Value, frozen=True, kw_only=True):
    """An invoice line; quantity and unit price are decimal strings, so that nothing is rounded twice."""

    description: str
    quantity: str
    unit_price: str
    vat_rate_bps: int
    net_minor: int
    product: str | None


class DocumentContent(Value, frozen=True, kw_only=True):
    """Content of a document that an invoice is made from later: a quote, an order, a recurring invoice."""

    supply_on: date | None
    lines: tuple[Line, ...]
    vat: tuple[VatShare, ...]
    terms: Terms | None
    """Conditions of this document alone; ``None`` takes the customer's at issue."""
    reference: str | None
    salesperson: str | None


Origin = Literal["issued", "import"]
