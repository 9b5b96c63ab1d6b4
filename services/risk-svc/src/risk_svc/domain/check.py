"""The credit check of an order: limit in amount and in days, and payment behaviour. Stream: the decision's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from encours.contracts import Recorded
from encours.contracts.common import Conversion
from encours.contracts.events.risk import CreditChecked, ExposureShare
from encours.kernel.errors import Invalid, NotFound
from encours.kernel.exchange import QuotedRate, rate_through
from risk_svc.domain.exposure import CurrencyShare, WholeExposure
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.domain.score import score

WEAK_SCORE = 40

REASONS = {
    "insolvency": "Insolvency proceedings of the customer are in force.",
    "within-limit": "Exposure with this order stays within the limit.",
    "no-limit": "No credit limit is in force for this customer.",
    "limit-expired": "The credit limit has expired, or ends before the day of delivery.",
    "limit-exceeded": "Exposure with this order is above the limit.",
    "overdue-beyond-days": "An invoice is open for more days past due than the limit allows.",
    "weak-payment-behaviour": f"The payment behaviour score is below {WEAK_SCORE}.",
    "exchange-rate-missing": "No exchange rate is known for a currency of the exposure or of the order.",
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
    limit = picture.limit
    currency = limit.currency if limit else command.currency
    whole = picture.whole(currency, day)
    order = _order_in(currency, command, picture, day)
    behaviour = score(picture.all_items(), day).value
    verdict = check(order, deliver_on, whole, limit, behaviour, insolvent=picture.insolvent)
    return CreditChecked(
        decision_id=command.decision_id,
        customer_id=command.customer_id,
        amount_minor=command.amount_minor,
        currency=command.currency,
        deliver_on=command.deliver_on,
        decision=verdict.decision,
        reasons=verdict.reasons,
        exposure=whole.known,
        limit_id=limit.limit_id if limit else None,
        limit_minor=limit.amount_minor if limit else None,
        limit_max_days=limit.max_days_past_due if limit else None,
        score=behaviour,
        seen_position=position,
        lag=lag,
        exposure_currency=currency if currency != command.currency else None,
        shares=tuple(_share(each, currency) for each in whole.shares if each.currency != currency),
        order_converted=order if isinstance(order, Conversion) else None,
    )


def _order_in(currency: str, command: CheckCredit, picture: Picture, day: date) -> int | Conversion | None:
    """Return the amount of the order in the limit's currency; ``None`` without a rate."""
    if currency == command.currency:
        return command.amount_minor
    rate = rate_through(picture.rates, command.currency, currency, day)
    return (
        None if rate is None else _conversion(rate, currency, rate.converted(command.amount_minor, currency))
    )


def _share(share: CurrencyShare, currency: str) -> ExposureShare:
    in_currency = None
    if share.rate is not None and share.converted is not None:
        in_currency = _conversion(share.rate, currency, share.converted.total_minor)
    return ExposureShare(currency=share.currency, total_minor=share.seen.total_minor, converted=in_currency)


def _conversion(rate: QuotedRate, currency: str, amount_minor: int) -> Conversion:
    return Conversion(
        currency=currency,
        amount_minor=amount_minor,
        base=rate.base,
        quote=rate.quote,
        rate=rate.rate,
        rate_on=rate.on,
        source=rate.source,
        agreed=False,
    )


def check(
    order: int | Conversion | None,
    deliver_on: date,
    whole: WholeExposure,
    limit: ApprovedLimit | None,
    score: int | None,
    *,
    insolvent: bool = False,
) -> Verdict:
    """Check an order for a day of delivery: insolvency or a breach of the limit refuses it, a doubt refers it.

    The risk begins on the day of delivery, so the limit must be in force on it; exposure and score are today's.
    ``order`` is its amount in the limit's currency. An exposure in a currency without a rate is unknown: never
    accepted, and refused only if what is known is above the limit and the rest cannot lower it.
    """
    breaches: list[str] = ["insolvency"] if insolvent else []
    doubts: list[str] = []
    seen = whole.known
    if limit is None:
        doubts.append("no-limit")
    elif limit.expired(deliver_on):
        doubts.append("limit-expired")
    else:
        amount = order.amount_minor if isinstance(order, Conversion) else order or 0
        if seen.total_minor + amount > limit.amount_minor and whole.at_least_known:
            breaches.append("limit-exceeded")
        if seen.oldest_days_past_due > limit.max_days_past_due:
            breaches.append("overdue-beyond-days")
        if order is None or whole.missing:
            doubts.append("exchange-rate-missing")
    if score is not None and score < WEAK_SCORE:
        doubts.append("weak-payment-behaviour")
    if breaches:
        return Verdict("refuse", (*breaches, *doubts))
    if doubts:
        return Verdict("refer", tuple(doubts))
    return Verdict("accept", ("within-limit",))
