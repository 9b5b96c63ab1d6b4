"""A dispute [litige] on an amount of an invoice. Stream: the dispute id. Appended by invoice-svc."""

from __future__ import annotations

from typing import ClassVar, Literal

from encours.contracts.base import Event

Category = Literal[
    "price",
    "quantity",
    "quality",
    "delivery",
    "service",
    "administrative",
    "duplicate",
    "promotion",
    "discount",
    "goods_returned",
    "penalty",
    "other",
]
"""``promotion``: agreed allowances. ``discount``: early payment. ``penalty``: a charge of the debtor for a delivery."""
Outcome = Literal["credited", "rejected", "withdrawn"]


class DisputeOpened(Event, frozen=True, kw_only=True):
    """The customer contests an amount, for a reason; no payment closes this by itself."""

    TYPE: ClassVar[str] = "dispute.opened"
    dispute_id: str
    invoice_id: str
    customer_id: str
    category: Category
    amount_minor: int
    currency: str
    text: str
    owner: str | None


class DisputeResolved(Event, frozen=True, kw_only=True):
    """The dispute has ended."""

    TYPE: ClassVar[str] = "dispute.resolved"
    dispute_id: str
    invoice_id: str
    customer_id: str
    outcome: Outcome
    amount_minor: int
    currency: str
    text: str | None
