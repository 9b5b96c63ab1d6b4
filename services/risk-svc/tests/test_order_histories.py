"""Any orders, deliveries, invoices and payments: the exposure stays within the limit, or somebody let it exceed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from encours.contracts.events.reservation import ReservationConsumed
from encours.kernel.errors import DomainError
from encours.testing.events import issued, received
from encours.testing.memory import TODAY
from risk_svc.domain.reservation.commands import (
    ConsumeReservation,
    DeliverReservation,
    ExpireReservation,
    OverrideReservation,
    RecheckReservation,
    ReleaseReservation,
)
from risk_svc.use_cases import reservations
from tests.histories.credit import HEAD, MEMBER, CreditDesk

AMOUNTS = st.integers(1, 600_00)
CUSTOMERS = st.sampled_from([HEAD, MEMBER])
LIMIT_MINOR = 1_000_00


class Orders(RuleBasedStateMachine):
    """Acts on two customers that share a limit. Nothing but an order raises what they owe."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = CreditDesk(LIMIT_MINOR)
        self.ids: list[str] = []
        self.invoices = 0
        self.overridden = 0
        self.totals: dict[str, int] = {}

    def pick(self, n: int) -> str | None:
        return self.ids[n % len(self.ids)] if self.ids else None

    def attempt(self, work: Any, *arguments: Any) -> bool:
        try:
            self.desk.do(work, *arguments)
        except DomainError:
            return False
        return True

    @rule(amount=AMOUNTS, customer=CUSTOMERS, days=st.integers(0, 20))
    def order(self, amount: int, customer: str, days: int) -> None:
        until = self.desk.today + timedelta(days=days)
        self.ids.append(self.desk.order(amount, customer, expires_on=until).reservation_id)

    @rule(amounts=st.lists(AMOUNTS, min_size=2, max_size=3), customer=CUSTOMERS)
    def orders_at_once(self, amounts: list[int], customer: str) -> None:
        self.desk.meanwhile += [partial(self.order_quietly, minor) for minor in amounts[1:]]
        self.ids.append(self.desk.order(amounts[0], customer).reservation_id)
        self.desk.meanwhile.clear()

    def order_quietly(self, amount_minor: int) -> None:
        self.ids.append(self.desk.order(amount_minor, MEMBER).reservation_id)

    @rule(n=st.integers(0, 50))
    def recheck(self, n: int) -> None:
        if (made := self.pick(n)) is not None:
            self.attempt(reservations.recheck, RecheckReservation(made), self.desk)

    @rule(n=st.integers(0, 50))
    def override(self, n: int) -> None:
        if (made := self.pick(n)) is not None and self.attempt(
            reservations.override, OverrideReservation(made, "Agreed"), self.desk
        ):
            self.overridden += self.desk.reservation(made).amount_minor

    @rule(n=st.integers(0, 50), amount=AMOUNTS)
    def deliver(self, n: int, amount: int) -> None:
        if (made := self.pick(n)) is not None:
            self.attempt(reservations.consume, DeliverReservation(made, "BL", amount, "EUR"))

    @rule(n=st.integers(0, 50))
    def bill(self, n: int) -> None:
        """Issue the invoice of what is left of an order."""
        if (made := self.pick(n)) is None:
            return
        order = self.desk.reservation(made)
        if left := order.reserved_minor + order.delivered_minor:
            self.invoices += 1
            invoice = f"inv_{self.invoices:032x}"
            self.totals[invoice] = left
            self.desk.happen(issued(left, invoice_id=invoice, customer_id=order.customer_id))
            by_invoice = ConsumeReservation(made, invoice, None, left, "EUR")
            assert self.attempt(reservations.consume, by_invoice), "what was accepted may be billed"

    @rule(
        picks=st.lists(st.integers(0, 50), min_size=1, max_size=3),
        shares=st.lists(AMOUNTS, min_size=3, max_size=3),
    )
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
        self.invoices += 1
        invoice = f"inv_{self.invoices:032x}"
        self.totals[invoice] = sum(parts)
        self.desk.happen(issued(sum(parts), invoice_id=invoice, customer_id=orders[0].customer_id))
        for order, part in zip(orders, parts, strict=True):
            self.attempt(
                reservations.consume,
                ConsumeReservation(order.reservation_id, invoice, None, part or None, "EUR"),
            )
        # Nothing of an order ends by what the invoice bills of another.
        for order in orders:
            self.attempt(
                reservations.consume, ConsumeReservation(order.reservation_id, invoice, None, 1, "EUR")
            )

    @rule(n=st.integers(0, 50))
    def release(self, n: int) -> None:
        if (made := self.pick(n)) is not None:
            self.attempt(reservations.release, ReleaseReservation(made, None))

    @rule(amount=AMOUNTS, customer=CUSTOMERS)
    def pay(self, amount: int, customer: str) -> None:
        self.invoices += 1
        self.desk.happen(received(amount, payment_id=f"pay_{self.invoices:032x}", customer_id=customer))

    @rule(days=st.integers(1, 15))
    def days_pass(self, days: int) -> None:
        self.desk.today = min(self.desk.today + timedelta(days=days), TODAY + timedelta(days=150))
        for made in self.ids:
            self.desk.do(reservations.expire, ExpireReservation(made))

    @invariant()
    def within_the_limit(self) -> None:
        assert self.desk.total() <= LIMIT_MINOR + self.overridden

    @invariant()
    def no_invoice_ends_more_than_it_bills_and_no_order_more_than_it_had(self) -> None:
        by_invoice, by_order = Counter[str](), Counter[str]()
        for e in self.desk.books.ledger.events:
            if isinstance(e.data, ReservationConsumed) and e.data.invoice_id:
                by_invoice[e.data.invoice_id] += e.data.amount_minor
                by_order[e.data.reservation_id] += e.data.amount_minor
        assert all(by_invoice[each] <= total for each, total in self.totals.items())
        assert all(minor <= self.desk.reservation(each).amount_minor for each, minor in by_order.items())

    @invariant()
    def each_order_has_what_its_stream_says(self) -> None:
        orders = [self.desk.reservation(made) for made in self.ids]
        total = self.desk.seen(HEAD).picture.exposure("EUR", self.desk.today)
        assert total.reserved_minor == sum(order.reserved_minor for order in orders)
        assert total.delivered_minor == sum(order.delivered_minor for order in orders)


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
