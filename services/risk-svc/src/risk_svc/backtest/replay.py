"""Replay of orders under two policies: the one that is tried, and the present one.

Each order is judged by the rows of ``credit`` at the position before its first event and on its day, so nothing that
came later can count. What a policy has refused is absent from what it sees afterwards: the invoices of that order, its
draft, its reserved and delivered amounts. What it refers counts as accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from encours.contracts import Recorded
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.reservation import ReservationDecided
from encours.contracts.parties import Merge, Survivors
from encours.projection.read_model import Conn
from risk_svc.backtest.history import PastLedger
from risk_svc.domain.backtest.effect import OrderLine
from risk_svc.domain.backtest.judge import (
    CustomerThen,
    JudgedOrder,
    OrderSeen,
    PastAmount,
    PastOrder,
    judge,
    without,
)
from risk_svc.domain.backtest.policy import PRESENT, LimitPolicy
from risk_svc.domain.picture import Picture
from risk_svc.domain.proposal.financials import latest_of
from risk_svc.read_models.credit.holds import broken_promises
from risk_svc.read_models.credit.query import pictures


@dataclass(frozen=True, slots=True)
class PicturesThen:
    """Rows of ``credit`` for an order: its customer, the one whose limit holds, and broken promises of both."""

    customer: Picture
    holder: Picture
    broken_promises: Mapping[str, int]


async def pictures_then(conn: Conn, schema: str, order: PastOrder, *, promises: bool) -> PicturesThen | None:
    """Return the figures of an order just before it; ``None`` for a customer that was not known yet."""
    asked = {"as_of": order.day, "position": order.position}
    found = (await pictures(conn, schema, [order.customer_id], **asked)).get(order.customer_id)  # type: ignore[arg-type]
    if found is None:
        return None
    holder = found
    if found.limit_holder_id != found.customer_id:
        others = await pictures(conn, schema, [found.limit_holder_id], **asked)  # type: ignore[arg-type]
        holder = others.get(found.limit_holder_id, found)
    broken: dict[str, int] = {}
    if promises:
        both = sorted({found.customer_id, holder.customer_id})
        days = await broken_promises(conn, schema, both, **asked)  # type: ignore[arg-type]
        broken = {each: len(own) for each, own in days.items()}
    return PicturesThen(found, holder, broken)


@dataclass(slots=True)
class PolicyArm:
    """A policy, and what it has refused so far: invoices, and orders whose amounts still count in the ledger."""

    policy: LimitPolicy
    refused: set[str] = field(default_factory=set)
    invoices: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)

    def refuse(self, order: PastOrder) -> None:
        """Leave an order out of what comes after it."""
        self.refused.add(order.order_id)
        if order.kind == "invoice":
            self.invoices.add(order.order_id)
        else:
            self.orders.add(order.order_id)

    def issued(self, invoice_id: str, order_id: str) -> None:
        """Leave an invoice of a refused order out."""
        if order_id in self.refused:
            self.invoices.add(invoice_id)


class PolicyReplay:
    """The two policies on one past. Events come in the order of the ledger, each order with its figures."""

    def __init__(self, past: PastLedger, policy: LimitPolicy, merges: Sequence[Merge]) -> None:
        self._past = past
        self._merges = merges
        self._arms = (PolicyArm(policy), PolicyArm(PRESENT))

    def apply(self, e: Recorded, order: PastOrder | None, then: PicturesThen | None) -> Iterator[OrderLine]:
        """Judge the order that an event begins, if it begins one, and apply the event."""
        judged = None
        if order is not None and then is not None:
            judged = self._judge(order, then)
        self._past.apply(e)
        if order is not None and then is not None and judged is not None:
            yield self._line(e, order, then, judged)
        if isinstance(e.data, InvoiceIssued):
            for arm in self._arms:
                arm.issued(e.data.invoice_id, self._past.order_of(e.data.invoice_id))

    def _judge(self, order: PastOrder, then: PicturesThen) -> tuple[JudgedOrder, JudgedOrder]:
        found = []
        survivors = Survivors(self._merges, order.day, order.position)
        for arm in self._arms:
            amounts = list(self._absent(arm, order, survivors))
            customer = self._customer(then.customer, then, arm, amounts)
            same = then.holder is then.customer
            holder = customer if same else self._customer(then.holder, then, arm, amounts)
            seen = OrderSeen(customer, holder, self._past.models.model, order.position)
            verdict = judge(arm.policy, order, seen)
            if verdict.verdict.decision == "refuse":
                arm.refuse(order)
            found.append(verdict)
        tried, present = found
        return tried, present

    def _customer(
        self, picture: Picture, then: PicturesThen, arm: PolicyArm, amounts: Sequence[PastAmount]
    ) -> CustomerThen:
        filed = latest_of(
            self._past.financials[each].latest for each in picture.records if each in self._past.financials
        )
        step = self._past.steps.get(picture.customer_id)
        return CustomerThen(
            without(picture, arm.invoices, amounts),
            filed,
            step.step if step else None,
            step.day if step else None,
            then.broken_promises.get(picture.customer_id, 0),
        )

    def _absent(self, arm: PolicyArm, order: PastOrder, survivors: Survivors) -> Iterator[PastAmount]:
        """Yield what does not count: the order's own draft, drafts and amounts of orders that were refused."""
        drafts = [order.order_id]
        for order_id in sorted(arm.orders):
            known = self._past.reservations[order_id]
            customer_id = survivors.of(known.customer_id)
            if known.reserved_minor:
                yield PastAmount(customer_id, "reserved", known.currency, known.reserved_minor)
            if known.delivered_minor:
                yield PastAmount(customer_id, "delivered", known.currency, known.delivered_minor)
            if known.status in ("consumed", "released", "expired") and not known.delivered_minor:
                arm.orders.discard(order_id)
        if arm.refused:
            drafts += [each for each in self._past.drafts if self._past.order_of(each) in arm.refused]
        for each in dict.fromkeys(drafts):
            draft = self._past.drafts.get(each)
            if draft is not None and (minor := draft.minor(order.day)):
                yield PastAmount(survivors.of(draft.customer_id), "drafts", draft.currency, minor)

    def _line(
        self, e: Recorded, order: PastOrder, then: PicturesThen, judged: tuple[JudgedOrder, JudgedOrder]
    ) -> OrderLine:
        tried, present = judged
        return OrderLine(
            order_id=order.order_id,
            kind=order.kind,
            customer_id=then.customer.customer_id,
            entity_id=e.entity,
            currency=order.currency,
            day=order.day,
            amount_minor=order.amount_minor,
            accepted=not isinstance(e.data, ReservationDecided) or e.data.decision == "accept",
            decision=tried.verdict.decision,
            reasons=list(tried.verdict.reasons),
            limit_minor=tried.limit_minor,
            limit_currency=tried.currency,
            grade=tried.grade,
            present=present.verdict.decision,
            present_reasons=list(present.verdict.reasons),
        )
