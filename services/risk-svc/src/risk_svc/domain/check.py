"""The credit check of an order: limit in amount and in days, and behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from encours.contracts.risk import ExposureSeen

WEAK_SCORE = 40

REASONS = {
    "within-limit": "Exposure with this order stays within the limit.",
    "no-limit": "No credit limit is in force for this customer.",
    "limit-expired": "The credit limit has expired, or ends before the day of delivery.",
    "limit-exceeded": "Exposure with this order is above the limit.",
    "overdue-beyond-days": "An invoice is open for more days past due than the limit allows.",
    "weak-payment-behaviour": f"The payment behaviour score is below {WEAK_SCORE}.",
    "other-currency": "The limit is in another currency than the order.",
}
"""Stable reason codes and what they say."""


@dataclass(frozen=True, slots=True)
class Limit:
    """An approved limit: an amount in minor units, and the most days past due that are tolerated."""

    limit_id: str
    amount_minor: int
    currency: str
    max_days_past_due: int
    valid_until: date | None
    """Last day in force; ``None`` without end."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``refuse`` blocks, ``refer`` asks a person, ``accept`` lets the order through; with every reason."""

    decision: Literal["accept", "refer", "refuse"]
    reasons: tuple[str, ...]


def check(
    amount_minor: int,
    currency: str,
    deliver_on: date,
    seen: ExposureSeen,
    limit: Limit | None,
    score: int | None,
) -> Verdict:
    """Judge an order of that amount for a day of delivery: that is when the risk is taken, and the limit must be
    in force. Exposure and score are those of today. A breach refuses, a doubt refers."""
    breaches: list[str] = []
    doubts: list[str] = []
    if limit is None:
        doubts.append("no-limit")
    elif limit.valid_until is not None and limit.valid_until < deliver_on:
        doubts.append("limit-expired")
    elif limit.currency != currency:
        doubts.append("other-currency")
    else:
        if seen.total_minor + amount_minor > limit.amount_minor:
            breaches.append("limit-exceeded")
        if seen.oldest_days_past_due > limit.max_days_past_due:
            breaches.append("overdue-beyond-days")
    if score is not None and score < WEAK_SCORE:
        doubts.append("weak-payment-behaviour")
    if breaches:
        return Verdict("refuse", (*breaches, *doubts))
    if doubts:
        return Verdict("refer", tuple(doubts))
    return Verdict("accept", ("within-limit",))
