"""Placement of invoices with a third party that collects them. Appended by dunning-svc. Stream: the placement id."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

PartnerKind = Literal["agency", "officer", "lawyer"]
"""``officer``: a bailiff, in France a *commissaire de justice*."""


class PlacementPartner(Value, frozen=True, kw_only=True):
    """Third party that collects for the creditor."""

    kind: PartnerKind
    name: str
    reference: str | None
    """Number under which the partner keeps the file."""
    email: str | None


class PlacementFee(Value, frozen=True, kw_only=True):
    """Fee as agreed: a share of what is paid while the invoices are placed, or an amount for the file as a whole."""

    percent_bps: int | None
    fixed_minor: int | None


class PlacedInvoice(Value, frozen=True, kw_only=True):
    """An invoice as it was handed over. Amounts in minor units, VAT included."""

    invoice_id: str
    number: str
    due_on: date
    open_minor: int
    disputed_minor: int
    notice_on: date | None
    """Day of the decision of the last formal notice that lists it."""


class InvoicesPlaced(Event, frozen=True, kw_only=True):
    """Invoices of a debtor are handed over; until they are recalled nobody else asks for them."""

    TYPE: ClassVar[str] = "placement.made"
    placement_id: str
    customer_id: str
    partner: PlacementPartner
    fee: PlacementFee
    currency: str
    invoices: tuple[PlacedInvoice, ...]
    amount_minor: int
    """Sum of what is open and not disputed."""
    handed_over_on: date
    without_notice: str | None
    """Reason for which invoices without a formal notice were handed over."""


class InvoicesRecalled(Event, frozen=True, kw_only=True):
    """Invoices are taken back from the partner. Their ladder continues at the level that they had."""

    TYPE: ClassVar[str] = "placement.recalled"
    placement_id: str
    customer_id: str
    invoice_ids: tuple[str, ...]
    recalled_on: date
    cause: str
    ended: bool
    """No invoice is left with the partner."""
