"""The assessment of an order: limit in amount and in days, proceedings, and payment behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from encours.contracts.common import Conversion
from encours.contracts.events.reservation import CreditBasis, CreditDecision
from encours.contracts.events.risk import DepositSeen, ExposureShare
from encours.contracts.events.score import CreditGrade
from encours.kernel.errors import Invalid
from encours.kernel.exchange import QuotedRate, rate_through
from risk_svc.domain.exposure import CurrencyShare, WholeExposure
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.domain.score.behaviour import score
from risk_svc.domain.score.model import PaymentModel

WEAK_GRADES: tuple[CreditGrade, ...] = ("D", "E")
RULES_VERSION = 5
"""Version of the rules of orders. With 1, guarantees counted that end between the order and its delivery; up to 2, a
check was accepted by figures that lack the latest events; up to 3, the figures had no part on plan or insured; up to 4,
no deposit was seen."""
WEAK_SCORE = 40
"""Score from 0 to 100 below which a decision without a model in its basis had a doubt."""


@dataclass(frozen=True, slots=True)
class OrderAsked:
    """An order: amount in minor units, day of delivery; ``None`` is today."""

    customer_id: str
    amount_minor: int
    currency: str
    deliver_on: date | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Decision and its reasons. ``refuse`` blocks the order; ``refer`` leaves the decision to a person."""

    decision: CreditDecision
    reasons: tuple[str, ...]


def assess(
    order: OrderAsked,
    picture: Picture,
    day: date,
    *,
    position: int,
    lag: int,
    model: PaymentModel | None,
    weak_grades: Sequence[CreditGrade] = WEAK_GRADES,
    rules_version: int = RULES_VERSION,
    deposit: DepositSeen | None = None,
) -> tuple[Verdict, CreditBasis]:
    """Assess an order on a day by a customer's figures; the basis contains their ``position`` and ``lag`` (in events).

    ``model`` is the payment model in use; ``None`` for a decision of before there were models, by the score from 0 to
    100. Grades in ``weak_grades`` are a doubt. Guarantees that end before the delivery do not count.
    ``deposit``: what deliveries of the order wait for. Unpaid, it is a reason that leaves the decision as it is: an
    accepted order reserves its amount, and its goods leave once the deposit is paid.
    ``rules_version`` is an earlier one for a decision that was taken by it. Raises :class:`Invalid` for a delivery
    before that day.
    """
    deliver_on = order.deliver_on or day
    if deliver_on < day:
        raise Invalid("deliver_on is in the past; use today or a later date, or omit it.", "/deliver_on")
    if rules_version > 1:
        picture = picture.secured_on(deliver_on)
    limit = picture.limit
    currency = limit.currency if limit else order.currency
    whole = picture.whole(currency, day)
    seen = whole.known if rules_version > 3 else replace(whole.known, on_plan_minor=0, insured_minor=0)
    amount = _order_in(currency, order, picture, day)
    behaviour = score(picture.all_items(), day).value
    grade = None if model is None else model.forecast_at_end_of(picture.payer(day), day.toordinal()).grade
    weak = grade in weak_grades if model else behaviour is not None and behaviour < WEAK_SCORE
    holds = (*picture.holds, *picture.holder_holds)
    verdict = check(
        amount,
        deliver_on,
        whole,
        limit,
        weak=weak,
        insolvent=picture.insolvent,
        held=bool(holds),
        cover_stopped=picture.cover_stop is not None,
        unopened=picture.unopened,
    )
    if deposit is not None and deposit.paid_minor < deposit.agreed_minor:
        verdict = Verdict(verdict.decision, (*verdict.reasons, "deposit-outstanding"))
    return verdict, CreditBasis(
        holder_id=picture.limit_holder_id or order.customer_id,
        currency=currency,
        exposure=seen,
        order_minor=amount.amount_minor if isinstance(amount, Conversion) else amount,
        left_minor=picture.left_minor(whole),
        limit_id=limit.limit_id if limit else None,
        limit_minor=limit.amount_minor if limit else None,
        limit_max_days=limit.max_days_past_due if limit else None,
        limit_valid_until=limit.valid_until if limit else None,
        score=behaviour,
        seen_position=position,
        lag=lag,
        holds=tuple(held.credit_hold_id for held in holds),
        grade=grade,
        score_model=model.version if model else None,
        rules_version=rules_version,
        deposit=deposit,
        shares=tuple(share_seen(each, currency) for each in whole.shares if each.currency != currency),
        order_converted=amount if isinstance(amount, Conversion) else None,
    )


def _order_in(currency: str, order: OrderAsked, picture: Picture, day: date) -> int | Conversion | None:
    """Return the amount of the order in the limit's currency; ``None`` without a rate."""
    if currency == order.currency:
        return order.amount_minor
    rate = rate_through(picture.rates, order.currency, currency, day)
    if rate is None:
        return None
    return _conversion(rate, currency, rate.converted(order.amount_minor, currency))


def share_seen(share: CurrencyShare, currency: str) -> ExposureShare:
    """Return a part of an exposure as a decision in a currency keeps it."""
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
    *,
    weak: bool = False,
    insolvent: bool = False,
    held: bool = False,
    cover_stopped: bool = False,
    unopened: bool = False,
) -> Verdict:
    """Check an order for a day of delivery: a hold, insolvency or a breach of the limit refuses it, a doubt refers it.

    The risk begins on the day of delivery, so the limit must be in force on it; exposure and score are today's.
    ``order`` is its amount in the limit's currency. An order that the money of those who share the limit covers, with
    all that they owe, needs no limit: nothing is lent. An exposure in a currency without a rate is unknown: it is never
    accepted, and refused only if what is known is above the limit and the rest cannot lower it.
    """
    breaches = [code for code, found in (("on-hold", held), ("insolvency", insolvent)) if found]
    doubts = ["account-not-opened"] if unopened else []
    seen = whole.known
    amount = order.amount_minor if isinstance(order, Conversion) else order
    if (
        not breaches
        and not doubts
        and amount is not None
        and not whole.missing
        and seen.total_minor + amount <= 0
    ):
        return Verdict("accept", ("prepaid",))
    if cover_stopped:
        breaches.append("cover-stopped")
    if limit is None:
        doubts.append("no-limit")
    elif limit.expired(deliver_on):
        doubts.append("limit-expired")
    else:
        if (
            seen.total_minor + (amount or 0) > limit.amount_minor + seen.guaranteed_minor
            and whole.at_least_known
        ):
            breaches.append("limit-exceeded")
        if seen.oldest_days_past_due > limit.max_days_past_due:
            breaches.append("overdue-beyond-days")
        if amount is None or whole.missing:
            doubts.append("exchange-rate-missing")
    if weak:
        doubts.append("weak-payment-behaviour")
    if breaches:
        return Verdict("refuse", (*breaches, *doubts))
    if doubts:
        return Verdict("refer", tuple(doubts))
    return Verdict("accept", ("within-limit",))
