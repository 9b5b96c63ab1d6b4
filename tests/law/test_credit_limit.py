"""Every path by which the exposure grows passes the limit, or is named here with the event that explains it.

A random life of two customers that share a limit, by the commands of both services. The machine grants itself nothing:
what may exceed the limit is counted from the events that each command has recorded. ``DEEP=1``: 300 lives of 40 acts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from encours.contracts import Event, names_of
from encours.contracts.books import moving
from encours.contracts.events import invoice as inv
from encours.contracts.events import loss, rate
from encours.contracts.events import reservation as rsv
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased
from encours.contracts.events.guarantee import GuaranteeReleased, GuaranteeTaken
from encours.contracts.events.money import payment as money
from encours.contracts.events.money import residual
from encours.contracts.events.parties import customer
from encours.contracts.events.risk import LimitApproved
from encours.contracts.events.sales import order as ordering
from encours.kernel.money import Money
from encours.testing.events import event
from encours.testing.memory import TODAY
from invoice_svc.domain.invoice.commands import (
    AmendInvoice,
    CancelInvoice,
    CreditInvoice,
    DraftInvoice,
    IssueInvoice,
)
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.domain.order.commands import CancelDelivery, CloseOrder, PlaceOrder
from invoice_svc.domain.payment.commands import ReceivePayment, ReversePayment
from invoice_svc.domain.payment.refund import OrderRefund
from invoice_svc.use_cases.money import payments, refunds, reversals
from invoice_svc.use_cases.sales import corrections, invoices, orders
from risk_svc.domain.reservation import commands as credit
from risk_svc.domain.reservation.state import Reservation
from risk_svc.read_models.credit import orders as credit_orders
from risk_svc.read_models.credit.model import Credit
from risk_svc.use_cases import reservations
from tests.histories.billing import end_what_is_billed
from tests.histories.credit import HEAD, MEMBER
from tests.histories.trade import UNIT_MINOR, TradeDesk, content

LIMIT_MINOR = 300_00
PIECES = st.integers(1, 100)
CUSTOMERS = st.sampled_from([HEAD, MEMBER])
PICKS = st.integers(0, 50)
Explains = Callable[[Any, TradeDesk], int]


def _amount(data: Any, _: TradeDesk) -> int:
    return int(data.amount_minor)


def _free(data: Any, desk: TradeDesk) -> int:
    return int(data.total_minor) if desk.rules.direct_invoices == "free" else 0


def _delivered(data: Any, desk: TradeDesk) -> int:
    return 0 if desk.rules.need_reservation else data.net_minor * 12 // 10


EXPLAINS: Mapping[type[Event], Explains] = {
    rsv.ReservationOverridden: _amount,  # somebody with the authority has accepted it
    inv.InvoiceDrafted: _free,  # the policy leaves it free
    inv.InvoiceAmended: _free,
    inv.InvoiceIssued: _free,
    ordering.OrderDelivered: _delivered,  # the policy asks for no reservation
    ordering.OrderUnbilled: lambda data, _: (
        data.net_minor * 12 // 10
    ),  # goods that left, and were billed for less
    money.PaymentReversed: _amount,  # the bank took the money back
    money.RefundOrdered: _amount,  # the firm gave back what it owed
    loss.WriteOffReversed: _amount,  # a debt that was given up is one again
}
"""Events that may raise the exposure above the limit, with the amount that each explains."""
ACTED = names_of(
    *EXPLAINS,
    rsv.ReservationDecided,
    rsv.ReservationDelivered,
    rsv.ReservationConsumed,
    rsv.ReservationReleased,
    rsv.ReservationExpired,
    rsv.OrderBillingCounted,
    ordering.OrderBilled,
    ordering.DeliveryCancelled,
    inv.InvoiceCancelled,
    inv.InvoiceCredited,
    inv.PaymentApplied,
    inv.PaymentUnapplied,
    loss.InvoiceWrittenOff,
    money.PaymentReceived,
)
"""Types that change the exposure and that the machine has happen."""
NOT_ACTED: Mapping[type[Event], str] = {
    inv.EarlyDiscountTaken: "lowers what is owed",
    inv.EarlyDiscountWithdrawn: "takes back a discount with the payment, the credit note or the terms that gave it",
    residual.InvoiceResidualClosed: "lowers what is owed",
    residual.InvoiceResidualReopened: "takes a closed rest back with the payment that left it",
    residual.PaymentResidualClosed: "keeps an overpayment within the tolerance, which nobody asked back",
    residual.PaymentResidualReopened: "lowers what is owed",
    loss.InvoiceUnrecoverable: "lowers what is owed",
    loss.WriteOffRecovered: "takes a write-off back with the money that pays it",
    money.CreditNoteIssued: "lowers what is owed",
    money.PaymentIdentified: "lowers what is owed",
    money.PaymentReassigned: "the money was another customer's all the time, as a reversal",
    money.PaymentRestored: "lowers what is owed: the money had not gone back",
    money.RefundReturned: "lowers what is owed: the refund came back",
    customer.RolesAssigned: "another limit holds for the customer from a day on; the review diary shows it",
    customer.CustomerMerged: "two customers turn out to be one",
    customer.CustomerMergeReversed: "two customers turn out to be two",
    rate.ExchangeRatePublished: "the market moves amounts in other currencies",
}
"""Types that change the exposure by an act of nobody, or by no more than another event explains."""


class Trade(RuleBasedStateMachine):
    """Orders, deliveries, invoices and money of two customers that share a limit."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = TradeDesk(LIMIT_MINOR)
        self.desk.set_policy(need_reservation=True, direct_invoices="cleared")
        self.made: dict[str, list[str]] = {"rsv": [], "ord": [], "inv": [], "pay": [], "gua": []}
        self.held: dict[str, str] = {}
        self.count = 0
        self.seen = len(self.desk.books.ledger.events)
        self.ceiling, self.excess = LIMIT_MINOR, 0

    def new(self, prefix: str) -> str:
        self.count += 1
        name = f"{prefix}_{self.count:032x}"
        if prefix in self.made:
            self.made[prefix].append(name)
        return name

    def pick(self, prefix: str, n: int) -> str:
        """Return an object, or an id that nothing has."""
        found = self.made[prefix]
        return found[n % len(found)] if found else f"{prefix}_{0:032x}"

    @rule(need=st.booleans(), cleared=st.booleans())
    def set_policy(self, need: bool, cleared: bool) -> None:
        direct = "cleared" if cleared else "free"
        self.desk.set_policy(need_reservation=need, direct_invoices=direct)  # type: ignore[arg-type]

    @rule(pieces=PIECES, buyer=CUSTOMERS, days=st.integers(0, 20))
    def reserve(self, pieces: int, buyer: str, days: int) -> None:
        until = self.desk.today + timedelta(days=days)
        self.ask(pieces * UNIT_MINOR, buyer, expires_on=until)

    def ask(self, amount: int, buyer: str, **more: Any) -> Reservation:
        made = self.desk.order(amount, buyer, **more)
        self.made["rsv"].append(made.reservation_id)
        return made

    @rule(n=PICKS)
    def override(self, n: int) -> None:
        command = credit.OverrideReservation(self.pick("rsv", n), "Agreed")
        self.desk.attempt(reservations.override, command, self.desk)

    @rule(n=PICKS)
    def recheck(self, n: int) -> None:
        command = credit.RecheckReservation(self.pick("rsv", n))
        self.desk.attempt(reservations.recheck, command, self.desk)

    @rule(n=PICKS)
    def release(self, n: int) -> None:
        self.desk.attempt(reservations.release, credit.ReleaseReservation(self.pick("rsv", n), "Cancelled"))

    @rule(n=PICKS, pieces=PIECES)
    def deliver_elsewhere(self, n: int, pieces: int) -> None:
        command = credit.DeliverReservation(self.pick("rsv", n), "BL", pieces * UNIT_MINOR, "EUR")
        self.desk.attempt(reservations.consume, command, self.desk)

    @rule(n=PICKS, m=PICKS)
    def end_by_invoice(self, n: int, m: int) -> None:
        if drafted := self.desk.invoices():
            end_what_is_billed(self.desk, drafted[m % len(drafted)], n)

    @rule(n=PICKS, m=PICKS, share=st.integers(1, 4))
    def credit_and_end(self, n: int, m: int, share: int) -> None:
        """Credit an invoice and end an order by it, which stays reserved for the goods that were credited."""
        self.credit_invoice(n, share)
        if self.made["inv"] and self.desk.invoice(name := self.pick("inv", n)).document != "none":
            end_what_is_billed(self.desk, name, m)

    @rule(pieces=PIECES, buyer=CUSTOMERS)
    def place(self, pieces: int, buyer: str) -> None:
        self.desk.do(orders.place, PlaceOrder(self.new("ord"), "ent_1", buyer, content(pieces)))

    @rule(n=PICKS)
    def override_order(self, n: int) -> None:
        """Accept the reservation of an order in Encours."""
        found = [each for each in self.desk.reservation_ids() if each not in self.made["rsv"]]
        if found:
            command = credit.OverrideReservation(found[n % len(found)], "Agreed")
            self.desk.attempt(reservations.override, command, self.desk)

    @rule(n=PICKS, pieces=PIECES)
    def deliver(self, n: int, pieces: int) -> None:
        self.count += 1
        self.desk.deliver(self.pick("ord", n), pieces, f"BL-{self.count}")

    @rule(n=PICKS)
    def cancel_delivery(self, n: int) -> None:
        if found := self.desk.order_state(order := self.pick("ord", n)).deliveries:
            command = CancelDelivery(order, found[-1].delivery_id, "Came back")
            self.desk.attempt(orders.cancel_delivery, command)

    @rule(n=PICKS)
    def close_order(self, n: int) -> None:
        self.desk.attempt(orders.close, CloseOrder(self.pick("ord", n)))

    @rule(buyer=CUSTOMERS, issue=st.booleans())
    def bill_deliveries(self, buyer: str, issue: bool) -> None:
        """Whatever the limit and the holds say by then, goods that were delivered are billed."""
        refused = self.desk.bill_deliveries(self.new("inv"), buyer, issue=issue)
        assert refused in (None, "nothing-to-bill"), refused

    @rule(pieces=PIECES, buyer=CUSTOMERS, issue=st.booleans(), n=PICKS)
    def draft(self, pieces: int, buyer: str, issue: bool, n: int) -> None:
        """An invoice without a delivery; some are for a deposit, or deduct one."""
        purpose = "deposit" if n % 4 == 0 else "invoice"
        deposits = (self.pick("inv", n),) if n % 4 == 1 else ()
        bill = content(pieces, deposits=deposits)
        command = DraftInvoice(self.new("inv"), "ent_1", buyer, "FAC", bill, issue=issue, purpose=purpose)  # type: ignore[arg-type]
        self.desk.attempt(invoices.draft, command)

    @rule(n=PICKS, pieces=PIECES)
    def amend(self, n: int, pieces: int) -> None:
        command = AmendInvoice(self.pick("inv", n), lines=content(pieces).lines)
        self.desk.attempt(invoices.amend, command)

    @rule(n=PICKS)
    def issue(self, n: int) -> None:
        self.desk.attempt(invoices.issue, IssueInvoice(self.pick("inv", n), None))

    @rule(n=PICKS)
    def cancel(self, n: int) -> None:
        self.desk.attempt(invoices.cancel, CancelInvoice(self.pick("inv", n)))

    @rule(n=PICKS, overrides=st.booleans())
    def clear_and_issue(self, n: int, overrides: bool) -> None:
        """Reserve what a draft needs, end it and issue: what has passed once is not asked again."""
        draft = self.desk.invoice(self.pick("inv", n))
        if draft.document != "draft" or draft.corrects is not None:
            return
        made = self.ask(draft.total_minor, draft.customer_id).reservation_id
        if overrides:
            self.desk.attempt(reservations.override, credit.OverrideReservation(made, "Agreed"), self.desk)
        ending = credit.ConsumeReservation(made, draft.invoice_id, None, None, None)
        passed = self.desk.attempt(reservations.consume, ending, self.desk) is None
        refused = self.desk.attempt(invoices.issue, IssueInvoice(draft.invoice_id, None))
        assert not (passed and refused == "invoice-not-cleared")

    @rule(n=PICKS, share=st.integers(1, 4))
    def credit_invoice(self, n: int, share: int) -> None:
        invoice = self.desk.invoice(self.pick("inv", n))
        amount = None if share == 1 else invoice.total_minor // share
        command = CreditInvoice(invoice.invoice_id, self.new("cre"), None, amount, "returned")
        self.desk.attempt(invoices.credit, command)

    @rule(n=PICKS, pieces=PIECES, issue=st.booleans())
    def correct(self, n: int, pieces: int, issue: bool) -> None:
        name = self.pick("inv", n)
        command = CorrectInvoice(name, "wrong", AmendInvoice(name, lines=content(pieces).lines), issue=issue)
        before = len(self.desk.books.ledger.events)
        self.desk.attempt(corrections.correct, command)
        drafted = (e.data for e in self.desk.books.ledger.events[before:])
        self.made["inv"] += [each.invoice_id for each in drafted if isinstance(each, inv.InvoiceDrafted)]

    @rule(pieces=PIECES, buyer=CUSTOMERS, n=PICKS, lettered=st.booleans())
    def pay(self, pieces: int, buyer: str, n: int, lettered: bool) -> None:
        paid = (self.pick("inv", n),) if lettered and self.made["inv"] else ()
        command = ReceivePayment(
            self.new("pay"), "ent_1", buyer, self.desk.today, pieces * UNIT_MINOR, "EUR", "transfer"
        )
        self.desk.attempt(payments.receive, command, paid)

    @rule(pieces=PIECES, buyer=CUSTOMERS)
    def prepay(self, pieces: int, buyer: str) -> None:
        """With its money for all that is owed and the order, a customer that is not on hold is never refused."""
        amount = max(0, self.desk.total()) + pieces * UNIT_MINOR
        receipt = ReceivePayment(
            self.new("pay"), "ent_1", buyer, self.desk.today, amount, "EUR", "transfer", allocations=()
        )
        self.desk.do(payments.receive, receipt)
        assert self.ask(pieces * UNIT_MINOR, buyer).status == "reserved" or self.held

    @rule(n=PICKS)
    def pay_back(self, n: int) -> None:
        command = ReversePayment(self.pick("pay", n), None, "AC04")
        self.desk.attempt(reversals.reverse, command)

    @rule(n=PICKS, pieces=PIECES)
    def refund(self, n: int, pieces: int) -> None:
        amount = Money(pieces * UNIT_MINOR, "EUR")
        command = OrderRefund(self.pick("pay", n), self.new("rfd"), amount, "asked for")
        self.desk.attempt(refunds.order_refund, command)

    @rule(n=PICKS, again=st.booleans())
    def write_off(self, n: int, again: bool) -> None:
        name = self.pick("inv", n)
        if again:
            self.desk.attempt(invoices.reverse_write_off, ReverseWriteOff(name, "paid after all"))
        else:
            self.desk.attempt(invoices.write_off, WriteOffInvoice(name, None, "gone"))

    @rule(minor=st.integers(1, 4 * LIMIT_MINOR))
    def change_limit(self, minor: int) -> None:
        self.desk.limit(minor)

    @rule(n=PICKS, ends=st.booleans())
    def secure(self, n: int, ends: bool) -> None:
        if ends and self.made["gua"]:
            self.desk.happen(event(GuaranteeReleased, guarantee_id=self.made["gua"].pop(), customer_id=HEAD))
            return
        fields = {"valid_from": TODAY, "valid_until": None, "amount_minor": 10_00 * n + 1}
        self.desk.happen(event(GuaranteeTaken, guarantee_id=self.new("gua"), customer_id=HEAD, **fields))

    @rule(buyer=CUSTOMERS)
    def hold_or_free(self, buyer: str) -> None:
        if (hold := self.held.pop(buyer, None)) is not None:
            self.desk.happen(event(CreditHoldReleased, credit_hold_id=hold, customer_id=buyer))
            return
        hold = self.held[buyer] = self.new("chd")
        self.desk.happen(event(CreditHoldPlaced, credit_hold_id=hold, customer_id=buyer, until=None))

    @rule(days=st.integers(1, 15))
    def days_pass(self, days: int) -> None:
        self.desk.today = min(self.desk.today + timedelta(days=days), TODAY + timedelta(days=90))
        for made in self.desk.reservation_ids():
            self.desk.do(reservations.expire, credit.ExpireReservation(made))

    @invariant()
    def what_exceeds_the_limit_is_explained_by_events(self) -> None:
        self.desk.follow()
        events = self.desk.books.ledger.events
        new, self.seen = events[self.seen :], len(events)
        allowed = sum(EXPLAINS[type(e.data)](e.data, self.desk) for e in new if type(e.data) in EXPLAINS)
        ceiling = self.desk.ceiling()
        if any(isinstance(e.data, LimitApproved | GuaranteeReleased) for e in new):
            allowed += max(0, self.ceiling - ceiling)
        excess = max(0, self.desk.total() - ceiling)
        assert excess <= self.excess + allowed, [e.data for e in new]
        self.ceiling, self.excess = ceiling, excess


DEEP = os.environ.get("DEEP") == "1"
TestTrade = Trade.TestCase
TestTrade.settings = settings(
    max_examples=300 if DEEP else 15, stateful_step_count=40 if DEEP else 20, deadline=None
)


def test_each_event_that_changes_the_exposure_is_acted_or_named_with_the_reason() -> None:
    """A new type that moves the account of a customer, or orders of it, has to be put in one of the two lists."""
    ordered = names_of(*get_args(credit_orders.Ordering))
    drafts = names_of(inv.InvoiceDrafted, inv.InvoiceAmended, inv.InvoiceCancelled, rsv.OrderBillingCounted)
    named = names_of(*NOT_ACTED)
    assert (moving("account") | ordered | drafts) - ACTED - named == set()
    assert not ACTED & named
    assert ACTED | named <= Credit.applies


def test_a_draft_keeps_what_has_passed_so_that_an_amendment_takes_nothing_from_others() -> None:
    life = Trade()
    life.set_policy(need=True, cleared=True)
    life.change_limit(minor=1_000_00)
    life.draft(pieces=80, buyer=HEAD, issue=False, n=2)
    for pieces in (80, 1, 80):
        life.amend(n=0, pieces=pieces)
        if pieces == 80:
            life.reserve(pieces=80, buyer=HEAD, days=1)
            life.end_by_invoice(n=0, m=0)
        life.reserve(pieces=80, buyer=MEMBER, days=1)
        life.what_exceeds_the_limit_is_explained_by_events()
    assert life.desk.total() == 80 * UNIT_MINOR
    life.issue(n=0)
    assert life.desk.invoice(life.made["inv"][0]).document == "issued"


def test_the_machine_has_each_of_its_events_happen() -> None:
    """Or a type in the list would be one that no life ever meets."""
    life = Trade()
    life.set_policy(need=True, cleared=True)
    life.change_limit(minor=1_000_00)
    life.place(pieces=40, buyer=HEAD)
    life.desk.follow()
    life.deliver(n=0, pieces=20)
    life.deliver(n=0, pieces=5)
    life.desk.follow()
    life.cancel_delivery(n=0)
    life.bill_deliveries(buyer=HEAD, issue=False)
    life.cancel(n=0)
    life.bill_deliveries(buyer=HEAD, issue=True)
    life.pay(pieces=10, buyer=HEAD, n=1, lettered=True)
    life.pay_back(n=0)
    life.prepay(pieces=1, buyer=MEMBER)
    life.refund(n=1, pieces=1)
    life.deliver_elsewhere(n=0, pieces=1)
    life.change_limit(minor=1)
    life.draft(pieces=60, buyer=MEMBER, issue=False, n=2)
    life.amend(n=2, pieces=59)
    life.clear_and_issue(n=2, overrides=True)
    life.write_off(n=2, again=False)
    life.write_off(n=2, again=True)
    life.credit_invoice(n=2, share=2)
    life.reserve(pieces=1, buyer=HEAD, days=1)
    life.release(n=2)
    life.reserve(pieces=1, buyer=MEMBER, days=1)
    life.days_pass(days=5)
    happened = {e.type for e in life.desk.books.ledger.events}
    assert ACTED - happened == set()
