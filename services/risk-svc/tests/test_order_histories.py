"""Any orders, deliveries, invoices and payments: no order raises the exposure above the limit unless somebody lets it.

The exposure is counted by hand beside that of the read model. Each act may raise the excess over limit and guarantees
by what it is allowed to alone: an override by its order, a lower limit or a returned payment by its amount, a direct
invoice and its draft only where the policy leaves those free, everything else by nothing. ``DEEP=1``: 400 histories of
40 acts.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from encours.contracts.clearance import billing_of
from encours.contracts.common import CitedInvoice
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased
from encours.contracts.events.credit_policy import DirectInvoices
from encours.contracts.events.guarantee import GuaranteeReleased, GuaranteeTaken
from encours.contracts.events.invoice import InvoiceCancelled
from encours.contracts.events.reservation import ReservationConsumed
from encours.contracts.events.sales.order import (
    DeliveryCancelled,
    OrderBilled,
    OrderClosed,
    OrderDelivered,
    OrderPlaced,
)
from encours.kernel.errors import DomainError
from encours.testing.events import credited, drafted, event, issued, received, reversed_
from encours.testing.memory import TODAY
from risk_svc.domain.reservation.commands import (
    ConsumeReservation,
    DeliverReservation,
    ExpireReservation,
    FollowOrder,
    OverrideReservation,
    RecheckReservation,
    ReleaseReservation,
)
from risk_svc.use_cases import reservations
from tests.histories.billing import end_what_is_billed
from tests.histories.credit import HEAD, MEMBER, CreditDesk

AMOUNTS = st.integers(1, 600_00)
ORDERED = st.integers(1, 30)
CUSTOMERS = st.sampled_from([HEAD, MEMBER])
PICKS = st.integers(0, 50)
LIMIT_MINOR = 1_000_00
UNIT_MINOR = 10_00
"""Value of a piece of an order in Encours; VAT of 20 % is added, without rounding."""


class Orders(RuleBasedStateMachine):
    """Acts on two customers that share a limit."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = CreditDesk(LIMIT_MINOR)
        self.ids: list[str] = []
        self.made = 0
        self.ceiling = LIMIT_MINOR
        self.direct: DirectInvoices = "free"
        self.excess = 0
        self.may_grow = 0
        """Growth of the excess that the last act was allowed."""
        self.outside = Counter[str]()
        """Exposure that is no reservation: invoices, drafts and unbilled deliveries, less money; by document."""
        self.totals: dict[str, int] = {}
        self.goods: dict[str, dict[str, int]] = {}
        """Deliveries with VAT of each order in Encours that are not billed."""
        self.worth: dict[str, int] = {}
        """Deliveries with VAT, also those that are billed or cancelled."""
        self.pieces: dict[str, int] = {}
        """Pieces of each order in Encours that are not delivered."""
        self.owners: dict[str, str] = {}
        """Customers of issued invoices that bill no goods of an order in Encours."""
        self.waiting: set[str] = set()  # drafts that count by the reservations that they have ended
        self.held: dict[str, str] = {}
        self.guarantees: dict[str, int] = {}
        self.money: dict[str, tuple[str, int]] = {}

    @initialize(direct=st.sampled_from(["free", "cleared"]))
    def set_policy(self, direct: DirectInvoices) -> None:
        self.direct = direct

    def pick(self, n: int) -> str | None:
        return self.ids[n % len(self.ids)] if self.ids else None

    def new(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made:032x}"

    def attempt(self, work: Any, *arguments: Any) -> bool:
        try:
            self.desk.do(work, *arguments)
        except DomainError:
            return False
        return True

    def consume(self, command: ConsumeReservation | DeliverReservation) -> bool:
        return self.attempt(reservations.consume, command, self.desk)

    def unless_held(self, reservation_id: str) -> None:
        order = self.desk.reservation(reservation_id)
        assert order.status == "blocked" or order.customer_id not in self.held

    @rule(amount=AMOUNTS, customer=CUSTOMERS, days=st.integers(0, 20))
    def order(self, amount: int, customer: str, days: int) -> None:
        until = self.desk.today + timedelta(days=days)
        self.ids.append(self.desk.order(amount, customer, expires_on=until).reservation_id)
        self.unless_held(self.ids[-1])

    @rule(amounts=st.lists(AMOUNTS, min_size=2, max_size=3), customer=CUSTOMERS)
    def orders_at_once(self, amounts: list[int], customer: str) -> None:
        self.desk.meanwhile += [partial(self.order_quietly, minor) for minor in amounts[1:]]
        self.ids.append(self.desk.order(amounts[0], customer).reservation_id)
        self.desk.meanwhile.clear()

    def order_quietly(self, amount_minor: int) -> None:
        self.ids.append(self.desk.order(amount_minor, MEMBER).reservation_id)

    @rule(n=PICKS)
    def recheck(self, n: int) -> None:
        if (made := self.pick(n)) is not None and self.attempt(
            reservations.recheck, RecheckReservation(made), self.desk
        ):
            self.unless_held(made)

    @rule(n=PICKS)
    def override(self, n: int) -> None:
        if (made := self.pick(n)) is not None and self.attempt(
            reservations.override, OverrideReservation(made, "Agreed"), self.desk
        ):
            self.may_grow = self.desk.reservation(made).amount_minor

    @rule(n=PICKS, amount=AMOUNTS)
    def deliver(self, n: int, amount: int) -> None:
        if (made := self.pick(n)) is not None:
            self.consume(DeliverReservation(made, "BL", amount, "EUR"))

    @rule(pieces=ORDERED, customer=CUSTOMERS)
    def order_goods(self, pieces: int, customer: str) -> None:
        """Place an order in Encours and reserve it."""
        order_id = self.new("ord")
        net, total = pieces * UNIT_MINOR, pieces * UNIT_MINOR * 12 // 10
        self.desk.happen(
            event(OrderPlaced, order_id=order_id, customer_id=customer, net_minor=net, total_minor=total)
        )
        self.ids.append(self.desk.order(total, customer, order_ref=order_id).reservation_id)
        self.goods[order_id], self.pieces[order_id] = {}, pieces

    @rule(n=PICKS, pieces=ORDERED, at_once=st.booleans())
    def deliver_goods(self, n: int, pieces: int, at_once: bool) -> None:
        """Deliver pieces of an order; until they end their part of the reservation, or without one, they add."""
        made = self.pick(n)
        order = self.desk.reservation(made) if made else None
        if made is None or order is None or not self.pieces.get(order.order_ref):
            return
        pieces = min(pieces, self.pieces[order.order_ref])
        self.pieces[order.order_ref] -= pieces
        delivery, gross = self.new("dlv"), pieces * UNIT_MINOR * 12 // 10
        fields = {"order_id": order.order_ref, "customer_id": order.customer_id, "delivery_id": delivery}
        self.desk.happen(event(OrderDelivered, net_minor=pieces * UNIT_MINOR, **fields))
        self.goods[order.order_ref][delivery] = self.outside[delivery] = self.worth[delivery] = gross
        self.may_grow = gross
        if at_once:
            self.may_grow -= self.end_part(made, delivery)

    @rule(n=PICKS, amount=st.none() | AMOUNTS)
    def consume_goods(self, n: int, amount: int | None) -> None:
        """Name every delivery of an order, also one that has ended its part."""
        if (made := self.pick(n)) is not None:
            for delivery in list(self.goods.get(self.desk.reservation(made).order_ref, {})):
                self.end_part(made, delivery, amount)

    def end_part(self, made: str, delivery: str, amount: int | None = None) -> int:
        before = self.desk.reservation(made).reserved_minor
        self.consume(ConsumeReservation(made, None, delivery, amount, "EUR" if amount else None))
        return before - self.desk.reservation(made).reserved_minor

    @rule(n=PICKS, closes=st.booleans())
    def follow(self, n: int, closes: bool) -> None:
        """Have the reservation of an order in Encours follow it, as the worker does."""
        if (made := self.pick(n)) is not None and self.ref(made) in self.pieces:
            if closes:
                customer = self.desk.reservation(made).customer_id
                self.desk.happen(event(OrderClosed, order_id=self.ref(made), customer_id=customer))
                self.pieces[self.ref(made)] = 0
            self.desk.do(reservations.follow, FollowOrder(self.ref(made)), self.desk)
            assert self.desk.do(reservations.follow, FollowOrder(self.ref(made)), self.desk) == []

    @rule(n=PICKS)
    def cancel_goods(self, n: int) -> None:
        if (made := self.pick(n)) is not None and (goods := self.goods.get(self.ref(made))):
            delivery, gross = goods.popitem()
            self.pieces[self.ref(made)] += gross * 10 // 12 // UNIT_MINOR
            fields = {"order_id": self.ref(made), "customer_id": self.desk.reservation(made).customer_id}
            self.desk.happen(
                event(DeliveryCancelled, delivery_id=delivery, net_minor=gross * 10 // 12, **fields)
            )
            del self.outside[delivery]

    @rule(n=PICKS)
    def bill_goods(self, n: int) -> None:
        """Issue the invoice of all that an order in Encours has delivered."""
        if (made := self.pick(n)) is not None and (goods := self.goods.get(self.ref(made))):
            total, customer = sum(goods.values()), self.desk.reservation(made).customer_id
            invoice = self.new("inv")
            fields = {"order_id": self.ref(made), "customer_id": customer, "invoice_id": invoice}
            self.desk.happen(
                event(OrderBilled, delivery_ids=tuple(goods), net_minor=total * 10 // 12, **fields),
                issued(total, invoice_id=invoice, customer_id=customer),
            )
            for delivery in goods:
                del self.outside[delivery]
            self.outside[invoice] = total
            goods.clear()

    def ref(self, made: str) -> str:
        return self.desk.reservation(made).order_ref

    @rule(n=PICKS)
    def bill(self, n: int) -> None:
        """Issue the invoice of what is left of an order."""
        if (made := self.pick(n)) is None:
            return
        order = self.desk.reservation(made)
        if left := order.reserved_minor + order.delivered_minor:
            invoice = self.invoiced(left, order.customer_id)
            by_invoice = ConsumeReservation(made, invoice, None, left, "EUR")
            assert self.consume(by_invoice), "what was accepted may be billed"

    def invoiced(self, total: int, customer: str) -> str:
        invoice = self.new("inv")
        self.totals[invoice] = self.outside[invoice] = total
        self.owners[invoice] = customer
        self.desk.happen(issued(total, invoice_id=invoice, customer_id=customer))
        return invoice

    @rule(picks=st.lists(PICKS, min_size=1, max_size=3), shares=st.lists(AMOUNTS, min_size=3, max_size=3))
    def bill_together(self, picks: list[int], shares: list[int]) -> None:
        """Issue one invoice for parts of several orders of a customer, or for several parts of one."""
        made = [each for n in picks if (each := self.pick(n)) is not None]
        orders = [self.desk.reservation(each) for each in made]
        orders = [each for each in orders if each.customer_id == orders[0].customer_id]
        parts = [
            min(share, o.reserved_minor + o.delivered_minor) for share, o in zip(shares, orders, strict=False)
        ]
        if not sum(parts):
            return
        before = self.desk.total()
        invoice = self.invoiced(sum(parts), orders[0].customer_id)
        for order, part in zip(orders, parts, strict=True):
            self.consume(ConsumeReservation(order.reservation_id, invoice, None, part or None, "EUR"))
        # Nothing of an order ends by what the invoice bills of another.
        for order in orders:
            self.consume(ConsumeReservation(order.reservation_id, invoice, None, 1, "EUR"))
        # Two parts of one order may be more than it has: the rest of the invoice is a direct one.
        self.may_grow = max(0, self.desk.total() - before) if len(made) > len(set(made)) else 0

    @rule(n=PICKS)
    def release(self, n: int) -> None:
        if (made := self.pick(n)) is not None:
            self.attempt(reservations.release, ReleaseReservation(made, "Cancelled"))

    @rule(amount=AMOUNTS, customer=CUSTOMERS)
    def pay(self, amount: int, customer: str) -> None:
        payment = self.new("pay")
        self.desk.happen(received(amount, payment_id=payment, customer_id=customer))
        self.money[payment], self.outside[payment] = (customer, amount), -amount

    @rule()
    def pay_back(self) -> None:
        """Reverse the last payment, as a bank does with a debit or a cheque."""
        if self.money:
            payment, (customer, amount) = self.money.popitem()
            self.desk.happen(reversed_(amount, payment_id=payment, customer_id=customer))
            del self.outside[payment]
            self.may_grow = amount

    @rule(amount=AMOUNTS, customer=CUSTOMERS, draft=st.booleans())
    def bill_directly(self, amount: int, customer: str, draft: bool) -> None:
        """Bill without an order, which no limit prevents unless the policy lets direct invoices pass it."""
        if self.direct == "cleared" and not draft:
            return
        invoice = self.drafted(amount, customer) if draft else self.invoiced(amount, customer)
        self.may_grow = amount if self.direct == "free" else 0
        if draft and amount % 2:
            self.desk.happen(event(InvoiceCancelled, invoice_id=invoice, customer_id=customer))
            del self.outside[invoice]

    @rule(
        amount=st.integers(1, 2 * LIMIT_MINOR),
        share=st.integers(0, 100),
        customer=CUSTOMERS,
        accepts=st.booleans(),
    )
    def bill_cleared(self, amount: int, share: int, customer: str, accepts: bool) -> None:
        """Reserve, draft, end the reservation and issue what that lets pass; cancel the draft otherwise."""
        made = self.accepted(amount * share // 100 or amount, customer, accepts)
        invoice = self.drafted(amount, customer)
        self.totals[invoice] = amount
        self.consume(ConsumeReservation(made, invoice, None, None, None))
        billing = self.desk.books.state(reservations.ORDER_BILLING, billing_of(invoice))
        if self.direct == "free":
            self.may_grow = amount
        elif billing.counted_minor < amount:
            self.outside[invoice] = billing.counted_minor
            self.waiting.add(invoice)
            return
        self.outside[invoice] = amount
        self.desk.happen(issued(amount, invoice_id=invoice, customer_id=customer))

    @rule(n=PICKS, more=st.integers(1, 300_00), accepts=st.booleans())
    def correct(self, n: int, more: int, accepts: bool) -> None:
        """Correct an invoice to a higher amount, the difference of which is reserved; cancel the draft otherwise."""
        found = [each for each in self.owners if self.outside.get(each)]
        if not found:
            return
        old = found[n % len(found)]
        customer, total = self.owners[old], self.outside[old]
        invoice = self.new("inv")
        fields = {"invoice_id": invoice, "customer_id": customer}
        corrects = event(CitedInvoice, invoice_id=old)
        self.desk.happen(drafted(total_minor=total + more, corrects=corrects, **fields))
        made = self.accepted(more, customer, accepts)
        self.totals[invoice] = total + more
        if not self.consume(ConsumeReservation(made, invoice, None, None, None)):
            self.desk.happen(event(InvoiceCancelled, **fields))
            return
        self.desk.happen(
            credited(total, invoice_id=old, customer_id=customer),
            issued(total + more, corrects=corrects, **fields),
        )
        del self.outside[old], self.owners[old]
        self.outside[invoice], self.owners[invoice] = total + more, customer

    @rule(n=PICKS, m=PICKS, share=st.integers(0, 100))
    def credit_and_end(self, n: int, m: int, share: int) -> None:
        """Credit a share of an invoice, and end an order by it: the goods may be ordered still."""
        found = [each for each in self.owners if self.outside.get(each)]
        if not found:
            return
        invoice = found[n % len(found)]
        if minor := self.outside[invoice] * share // 100:
            self.desk.happen(credited(minor, invoice_id=invoice, customer_id=self.owners[invoice]))
            self.outside[invoice] -= minor
        end_what_is_billed(self.desk, invoice, m)

    @rule(n=PICKS, m=PICKS)
    def end_by_any(self, n: int, m: int) -> None:
        """End an order by an invoice that was written for others, was replaced, or replaces one."""
        if found := list(self.totals):
            invoice = found[n % len(found)]
            ended = end_what_is_billed(self.desk, invoice, m)
            self.outside[invoice] += ended if invoice in self.waiting else 0

    def accepted(self, amount: int, customer: str, accepts: bool) -> str:
        """Order, and have somebody accept it if it is blocked; return the reservation."""
        order = self.desk.order(amount, customer)
        self.ids.append(made := order.reservation_id)
        if order.status == "blocked" and accepts:
            self.attempt(reservations.override, OverrideReservation(made, "Agreed"), self.desk)
            self.may_grow = self.desk.reservation(made).reserved_minor
        return made

    def drafted(self, amount: int, customer: str) -> str:
        """Draft an invoice; where it needs a clearance it counts by the reservations that it ends."""
        invoice, cleared = self.new("inv"), self.direct == "cleared"
        self.outside[invoice] = 0 if cleared else amount
        fields = {"invoice_id": invoice, "customer_id": customer, "cleared_minor": 0 if cleared else None}
        self.desk.happen(drafted(total_minor=amount, **fields))
        return invoice

    @rule(minor=st.integers(1, 2_000_00))
    def change_limit(self, minor: int) -> None:
        self.desk.limit(minor)
        self.may_grow = max(0, self.ceiling - sum(self.guarantees.values()) - minor)
        self.ceiling = minor + sum(self.guarantees.values())

    @rule(amount=AMOUNTS)
    def secure(self, amount: int) -> None:
        guarantee = self.new("gua")
        fields: dict[str, Any] = {"valid_from": TODAY, "valid_until": None, "amount_minor": amount}
        self.desk.happen(event(GuaranteeTaken, guarantee_id=guarantee, customer_id=HEAD, **fields))
        self.guarantees[guarantee] = amount
        self.ceiling += amount

    @rule()
    def give_back(self) -> None:
        if self.guarantees:
            guarantee, amount = self.guarantees.popitem()
            self.desk.happen(event(GuaranteeReleased, guarantee_id=guarantee, customer_id=HEAD))
            self.ceiling -= amount
            self.may_grow = amount

    @rule(customer=CUSTOMERS)
    def hold_or_free(self, customer: str) -> None:
        if (hold := self.held.pop(customer, None)) is not None:
            self.desk.happen(event(CreditHoldReleased, credit_hold_id=hold, customer_id=customer))
            return
        hold = self.held[customer] = self.new("chd")
        self.desk.happen(event(CreditHoldPlaced, credit_hold_id=hold, customer_id=customer, until=None))

    @rule(days=st.integers(1, 15))
    def days_pass(self, days: int) -> None:
        self.desk.today = min(self.desk.today + timedelta(days=days), TODAY + timedelta(days=150))
        for made in self.ids:
            self.desk.do(reservations.expire, ExpireReservation(made))

    @invariant()
    def nothing_exceeds_the_limit_but_what_may(self) -> None:
        excess = max(0, self.desk.total() - self.ceiling)
        assert excess <= self.excess + self.may_grow
        self.excess, self.may_grow = excess, 0

    @invariant()
    def no_document_ends_more_than_it_is_worth_and_no_order_more_than_it_had(self) -> None:
        by_invoice, by_order, by_delivery = Counter[str](), Counter[str](), Counter[str]()
        for e in self.desk.books.ledger.events:
            if isinstance(e.data, ReservationConsumed):
                by_invoice[e.data.invoice_id or ""] += e.data.amount_minor
                by_order[e.data.reservation_id] += e.data.amount_minor
                by_delivery[e.data.delivery_id or ""] += e.data.amount_minor
        assert all(by_delivery[each] <= gross for each, gross in self.worth.items())
        assert all(by_invoice[each] <= total for each, total in self.totals.items())
        assert all(minor <= self.desk.reservation(each).amount_minor for each, minor in by_order.items())

    @invariant()
    def the_exposure_is_the_naive_count(self) -> None:
        orders = [self.desk.reservation(made) for made in self.ids]
        total = self.desk.seen(HEAD).picture.exposure("EUR", self.desk.today)
        assert total.reserved_minor == sum(order.reserved_minor for order in orders)
        unbilled = sum(sum(each.values()) for each in self.goods.values())
        assert total.delivered_minor == sum(order.delivered_minor for order in orders) + unbilled
        on_orders = sum(order.reserved_minor + order.delivered_minor for order in orders)
        assert total.total_minor == on_orders + self.outside.total()


LIVES, ACTS = (400, 40) if os.environ.get("DEEP") == "1" else (25, 20)
TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=LIVES, stateful_step_count=ACTS, deadline=None)
