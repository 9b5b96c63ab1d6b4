"""Values that several families of events share."""

from __future__ import annotations

from typing import Literal

from encours.contracts.base import Value
from encours.kernel.terms import DueKind


class Address(Value):
    """A postal address; ``country`` is ISO 3166-1 alpha-2."""

    lines: tuple[str, ...]
    postal_code: str
    city: str
    country: str


class Terms(Value):
    """The contract conditions an invoice is issued under (L441-10): it keeps them, whatever is agreed later."""

    due_kind: DueKind
    days: int
    penalty_rate_bps: int | None
    """Contractual yearly rate in hundredths of a percent; ``None`` is the legal default rate."""
    indemnity_minor: int
    """Flat recovery fee per invoice paid late (40 EUR by D441-5), in the invoice's currency."""


class VatShare(Value):
    """The part of a document at one VAT rate."""

    rate_bps: int
    net_minor: int
    vat_minor: int


class Line(Value):
    """An invoice line. Quantity and unit price are canonical decimal strings, so that nothing is rounded twice."""

    description: str
    quantity: str
    unit_price: str
    vat_rate_bps: int
    net_minor: int
    product: str | None


Origin = Literal["issued", "import"]
