"""Holds on a customer's orders, and the badge of a bad payer [mauvais payeur]. Appended by risk-svc.

Streams: the hold, the badge of the customer. Other systems subscribe to the badge.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event
from encours.contracts.common import Reason

HoldCause = Literal[
    "by_hand", "days_past_due", "dunning_step", "insolvency", "cover_stopped", "broken_promises"
]
HoldEnd = Literal["by_hand", "cause_ended"]


class CreditHoldPlaced(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Orders of the customer are refused until the hold is released, or up to a day."""

    TYPE: ClassVar[str] = "credit_hold.placed"
    credit_hold_id: str
    customer_id: str
    cause: HoldCause
    until: date | None
    """Last day of the hold."""
    text: str
    """In the words of the person, or in English by the policy."""
    policy_version: int | None
    """Version of the credit policy that asks for it; ``None`` for a hold by hand."""
    reason: Reason | None = None
    """Reason of the policy; ``None`` for a hold by hand, and before such reasons were kept."""
    seen_position: int | None = None
    """Position of the figures that the policy saw; ``None`` by hand, and before it was kept."""


class CreditHoldReleased(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The hold ends."""

    TYPE: ClassVar[str] = "credit_hold.released"
    credit_hold_id: str
    customer_id: str
    end: HoldEnd
    text: str | None
    policy_version: int | None = None
    """Version of the credit policy by which the cause has ended; ``None`` by hand, and before it was kept."""
    seen_position: int | None = None
    """Position of the figures that the policy saw; ``None`` by hand, and before it was kept."""


class PayerBadgeGiven(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The customer is marked as a bad payer."""

    TYPE: ClassVar[str] = "payer_badge.given"
    payer_badge_id: str
    customer_id: str
    text: str
    """In the words of the person, or in English by the policy."""
    policy_version: int | None
    """Version of the credit policy that asks for it; ``None`` by hand."""
    reason: Reason | None = None
    """Reason of the policy; ``None`` by hand, and before such reasons were kept."""
    seen_position: int | None = None
    """Position of the figures that the policy saw; ``None`` by hand, and before it was kept."""


class PayerBadgeRemoved(Event, frozen=True, kw_only=True):
    """The customer is no longer marked as a bad payer."""

    TYPE: ClassVar[str] = "payer_badge.removed"
    payer_badge_id: str
    customer_id: str
    text: str
