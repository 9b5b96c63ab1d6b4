"""Verdict of a limit policy on a past order, by what was known just before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from encours.contracts.events.credit_policy import HoldRules
from encours.contracts.events.limit_formula import FinancialsFiled
from encours.contracts.events.score import CreditGrade
from risk_svc.domain.assessment import OrderAsked, Verdict, assess
from risk_svc.domain.backtest.policy import LimitPolicy
from risk_svc.domain.exposure import ExposureItem
from risk_svc.domain.hold import HoldInForce
from risk_svc.domain.hold_rules import causes_of
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.domain.proposal.formula import LimitFormula
from risk_svc.domain.proposal.propose import ProposalBasis, propose
from risk_svc.domain.score.model import PaymentModel

OrderKind = Literal["invoice", "reservation"]
Component = Literal["drafts", "reserved", "delivered"]


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order on credit, or an invoice without one, at its first event; ``position`` is the one before it."""

    order_id: str
    kind: OrderKind
    customer_id: str
    amount_minor: int
    currency: str
    day: date
    deliver_on: date | None
    position: int


@dataclass(frozen=True, slots=True)
class PastAmount:
    """Part of a customer's exposure that does not count: the order's own draft, or an order that is refused."""

    customer_id: str
    component: Component
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CustomerThen:
    """A customer as an order found it; ``step`` is the last one of the ladder, if one was taken."""

    picture: Picture
    financials: FinancialsFiled | None = None
    step: str | None = None
    stepped_on: date | None = None
    broken_promises: int = 0


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """Figures of an order: its customer, the one whose limit holds, and the payment model of then."""

    customer: CustomerThen
    holder: CustomerThen
    model: PaymentModel
    position: int


@dataclass(frozen=True, slots=True)
class JudgedOrder:
    """Verdict, with the limit in minor units of ``currency`` and the grade by which it was found."""

    verdict: Verdict
    limit_minor: int | None
    currency: str
    grade: CreditGrade | None


def judge(policy: LimitPolicy, order: PastOrder, seen: OrderSeen) -> JudgedOrder:
    """Return the verdict of a policy. A grade that is refused blocks the order, unless money covers it."""
    picture = replace(seen.customer.picture, limit=_limit(policy, order.day, seen))
    if policy.holds is not None:
        picture = replace(
            picture,
            holds=_holds(policy.holds, seen.customer, picture.holds, order.day),
            holder_holds=()
            if seen.holder is seen.customer
            else _holds(policy.holds, seen.holder, picture.holder_holds, order.day),
        )
    asked = OrderAsked(picture.customer_id, order.amount_minor, order.currency, order.deliver_on)
    verdict, basis = assess(
        asked,
        picture,
        order.day,
        position=seen.position,
        lag=0,
        model=seen.model,
        weak_grades=policy.refer_grades,
    )
    if basis.grade in policy.refuse_grades and verdict.reasons != ("prepaid",):
        found = verdict.reasons if verdict.decision != "accept" else ()
        verdict = Verdict("refuse", (*found, "grade-refused"))
    return JudgedOrder(verdict, basis.limit_minor, basis.currency, basis.grade)


def _limit(policy: LimitPolicy, day: date, seen: OrderSeen) -> ApprovedLimit | None:
    limit = seen.customer.picture.limit
    if policy.formula is not None:
        holder = seen.holder
        basis = ProposalBasis(holder.picture, holder.financials, seen.model, seen.position)
        proposed = propose(LimitFormula(holder.picture.entity_id, 1, policy.formula), basis, day)
        days = policy.formula.max_days_past_due
        limit = ApprovedLimit("", proposed.amount_minor, proposed.currency, days, None)
    if limit is not None and policy.max_days_past_due is not None:
        limit = replace(limit, max_days_past_due=policy.max_days_past_due)
    return limit


def _holds(
    rules: HoldRules, who: CustomerThen, real: Sequence[HoldInForce], day: date
) -> tuple[HoldInForce, ...]:
    """Return the holds by hand that were in force, and those for which there is a cause on the day."""
    days_late = who.picture.alone.oldest_days_past_due(day)
    stop = who.picture.cover_stop
    begun = who.stepped_on is not None and (day - who.stepped_on).days <= days_late
    causes = causes_of(
        rules,
        days_late=days_late,
        insolvent=who.picture.insolvent,
        step=who.step if begun else None,
        cover_stop=stop.reason if stop else None,
        broken_promises=who.broken_promises,
    )
    by_hand = [each for each in real if each.cause == "by_hand"]
    return (*by_hand, *(HoldInForce("", cause, day, None, "", reason) for cause, reason in causes.items()))


def without(picture: Picture, invoices: Set[str], amounts: Iterable[PastAmount]) -> Picture:
    """Return figures without some invoices, and without some amounts of those who share the limit."""
    known = list(amounts)
    if not known and not invoices:
        return picture
    others = tuple(_less(each, invoices, known) for each in picture.others)
    return replace(_less(picture, invoices, known), others=others)


def _less(picture: Picture, invoices: Set[str], amounts: Sequence[PastAmount]) -> Picture:
    items: tuple[tuple[str, ExposureItem], ...] = picture.items
    if invoices:
        items = tuple(each for each in items if each[1].invoice_id not in invoices)
    own = [each for each in amounts if each.customer_id == picture.customer_id]
    return replace(
        picture,
        items=items,
        drafts=_reduced(picture.drafts, own, "drafts"),
        reserved=_reduced(picture.reserved, own, "reserved"),
        delivered=_reduced(picture.delivered, own, "delivered"),
    )


def _reduced(
    minor: Mapping[str, int], amounts: Sequence[PastAmount], component: Component
) -> Mapping[str, int]:
    taken = [each for each in amounts if each.component == component]
    if not taken:
        return minor
    left = dict(minor)
    for each in taken:
        left[each.currency] = left.get(each.currency, 0) - each.amount_minor
    return {currency: amount for currency, amount in left.items() if amount}
