"""Findings of the review of the books that a person has dismissed. Stream: the finding. Appended by invoice-svc.

A finding itself is no event: it follows from the events that it rests on. No money moves.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from encours.contracts.base import Event

FindingKind = Literal[
    "duplicate_invoice",
    "delivery_not_billed",
    "period_not_billed",
    "quote_not_billed",
    "number_gap",
    "credit_above_sales",
    "late_issue",
]


class FindingDismissed(Event, frozen=True, kw_only=True):
    """A person has looked at a finding and accepts it as it is; with other facts it is open again."""

    TYPE: ClassVar[str] = "review.dismissed"
    finding_id: str
    kind: FindingKind
    customer_id: str | None
    currency: str | None
    amount_minor: int | None
    facts: str
    """Digest of what the finding rested on."""
    documents: tuple[str, ...]
    positions: tuple[int, ...]
    """Events that the finding rested on."""
    cause: str
