"""The credit check of an order: limit in amount and in days, and payment behaviour. Stream: the decision's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from encours.contracts import Recorded
from encours.contracts.events.risk import CreditChecked, ExposureSeen
from encours.kernel.errors import Invalid, NotFound
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.domain.score import score

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
"""Stable reason codes and their sentences."""


class CheckNotFound(NotFound):
    """No credit check has the id (404)."""

    code = "check-not-found"
    title = "Credit check not found"
    remedy = "Use the decision_id in the answer to POST /v1/checks."


@dataclass(frozen=True, slots=True)
class CheckCredit:
    """Check an order: amount in minor units, day of delivery; ``None`` is today."""

    decision_id: str
    customer_id: str
    amount_minor: int
    currency: str
    deliver_on: date | None


@dataclass(frozen=True, slots=True)
class CheckState:
    """Decision of a check: its event, entity and business date; empty before."""

    decided: CreditChecked | None = None
    entity_id: str = ""
    checked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Decision and its reasons. ``refuse`` blocks the order; ``refer`` leaves the decision to a person."""

    decision: Literal["accept", "refer", "refuse"]
    reasons: tuple[str, ...]


def evolve(state: CheckState, recorded: Recorded) -> CheckState:
    """Return the state after the decision, the only event of its stream."""
    assert isinstance(recorded.data, CreditChecked)
    return CheckState(recorded.data, recorded.entity, recorded.effective_on)


def decide(command: CheckCredit, picture: Picture, day: date, *, position: int, lag: int) -> CreditChecked:
    """Decide from a customer's figures on a day; the event contains their ``position`` and ``lag`` (in events).

    Raises :class:`Invalid` for a delivery before that day.
    """
    deliver_on = command.deliver_on or day
    if deliver_on < day:
        raise Invalid("deliver_on is in the past; use today or a later date, or omit it.", "/deliver_on")
    seen = picture.exposure(command.currency, day)
    behaviour = score(picture.all_items(), day).value
    verdict = check(command.amount_minor, command.currency, deliver_on, seen, picture.limit, behaviour)
    limit = picture.limit
    return CreditChecked(
        decision_id=command.decision_id,
        customer_id=command.customer_id,
        amount_minor=command.amount_minor,
        currency=command.currency,
        deliver_on=command.deliver_on,
        decision=verdict.decision,
        reasons=verdict.reasons,
        exposure=seen,
        limit_id=limit.limit_id if limit else None,
        limit_minor=limit.amount_minor if limit else None,
        limit_max_days=limit.max_days_past_due if limit else None,
        score=behaviour,
        seen_position=position,
        lag=lag,
    )


def check(
    amount_minor: int,
    currency: str,
    deliver_on: date,
    seen: ExposureSeen,
    limit: ApprovedLimit | None,
    score: int | None,
) -> Verdict:
    """Check an order for a day of delivery: a breach of the limit refuses it, a doubt refers it.

    The risk begins on the day of delivery, so the limit must be in force on it; exposure and score are today's.
    """
    breaches: list[str] = []
    doubts: list[str] = []
    if limit is None:
        doubts.append("no-limit")
    elif limit.expired(deliver_on):
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
