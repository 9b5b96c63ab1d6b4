"""Given a credit policy that asks for it, goods leave only by a reservation that covers them, and not on hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from encours.contracts import Event
from encours.contracts.clearance import billing_of, credit_of
from encours.contracts.common import Purpose
from encours.contracts.events.credit_hold import CreditHoldPlaced, CreditHoldReleased
from encours.contracts.events.credit_policy import CreditPolicySet, DirectInvoices, OrderRules
from encours.contracts.events.invoice import InvoiceAmended, InvoiceDrafted
from encours.contracts.events.reservation import (
    CreditBasis,
    OrderBillingCounted,
    OrderDeliveryCounted,
    OrderReservationMade,
    ReservationConsumed,
    ReservationDecided,
    ReservationExpired,
    ReservationOverridden,
    ReservationReleased,
)
from encours.kernel.errors import Refusal
from encours.ledger.command import Result
from encours.ledger.model import Append, Appended
from encours.ledger.session import Session
from encours.testing.events import event
from encours.testing.history import stream_of
from encours.testing.memory import TODAY, BooksInMemory
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import AgreeTerms
from invoice_svc.domain.invoice.commands import AmendInvoice, Content, DraftInvoice, IssueInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice, correction_id
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.domain.order.clearance import (
    DeliveryOnHold,
    DepositOutstanding,
    InvoiceNotCleared,
    OrderNotCleared,
)
from invoice_svc.domain.order.commands import (
    CancelDelivery,
    DeliverOrder,
    GroupDeliveries,
    PlaceOrder,
    QuantityDelivered,
)
from invoice_svc.domain.payment.commands import ReceivePayment
from invoice_svc.domain.terms import ProposedTerms
from invoice_svc.use_cases.folds import INVOICE, ORDER
from invoice_svc.use_cases.money import payments
from invoice_svc.use_cases.parties import customers
from invoice_svc.use_cases.sales import corrections, invoices, orders

ORDERED = Content(None, (LineInput("tyre", "10", "10.00", "20"),))
"""Ten pieces of 12.00 with VAT."""


async def _record(session: Session, each: Event) -> Result:
    stream = stream_of(each)
    session.begin(stream, version=session._ledger.version(stream))  # type: ignore[attr-defined]
    session.emit(stream, each, entity="ent_1")
    return session.result(stream)


class Shop:
    """A firm with an order, and the events of risk-svc about it."""

    def __init__(
        self, books: Any, *, need_reservation: bool = True, direct_invoices: DirectInvoices = "free"
    ) -> None:
        self.books: BooksInMemory = books
        self.notes = 0
        self.today = TODAY
        self.policy(direct_invoices, need_reservation=need_reservation)
        self.books.do(orders.place, PlaceOrder("ord_1", "ent_1", "cus_1", ORDERED))

    def policy(self, direct_invoices: DirectInvoices, *, need_reservation: bool = False) -> None:
        """Set the rules of orders."""
        rules = OrderRules(need_reservation=need_reservation, direct_invoices=direct_invoices)
        self.happen(event(CreditPolicySet, credit_policy_id="crp_1", entity_id="ent_1", orders=rules))

    def happen(self, *events: Event) -> None:
        for each in events:
            self.books.do(_record, each)

    def reserve(self, minor: int, number: int = 1, order: str = "ord_1", **more: Any) -> None:
        fields: dict[str, Any] = {
            "reservation_id": f"rsv_{number}", "order_ref": order, "amount_minor": minor, "decision": "accept",
            "expires_on": TODAY + timedelta(days=9),
        }  # fmt: skip
        made = {"order_credit_id": credit_of(order), "order_id": order, "earlier": ()}
        self.happen(
            event(ReservationDecided, **(fields | more)),
            event(OrderReservationMade, reservation_id=f"rsv_{number}", **made),
        )

    def happens(self, kind: type[Event], minor: int, **more: Any) -> None:
        self.happen(event(kind, reservation_id="rsv_1", amount_minor=minor, **more))

    def deliver(self, pieces: int) -> str:
        """Deliver pieces; return the id of the delivery."""
        self.notes += 1
        lines = (QuantityDelivered(1, str(pieces)),)
        command = DeliverOrder("ord_1", f"BL-{self.notes}", lines)
        self.books.do(orders.deliver, command, self.holds, today=self.today)
        found: str = self.books.state(ORDER, "ord_1").deliveries[-1].delivery_id
        return found

    def count(self, invoice: str, minor: int) -> None:
        """Have a reservation be ended by an invoice."""
        self.happen(
            event(
                OrderBillingCounted,
                order_billing_id=billing_of(invoice),
                invoice_id=invoice,
                amount_minor=minor,
                reservation_id="rsv_1",
                currency="EUR",
            )
        )

    def bill_goods(self, invoice: str) -> None:
        """Draft the invoice of what is delivered."""

        async def to_bill(*_: Any) -> list[str]:
            return ["ord_1"]

        grouped = GroupDeliveries(invoice, "ent_1", "cus_1", TODAY, TODAY, series="FAC")
        self.books.do(orders.group, grouped, to_bill)

    def issue(self, invoice: str) -> str | None:
        self.books.do(invoices.issue, IssueInvoice(invoice, None), today=self.today)
        return cast(Invoice, self.books.state(INVOICE, invoice)).number

    async def holds(self, ledger: str, customers: Any) -> list[str]:
        placed = [e.data for e in self.books.ledger.events if isinstance(e.data, CreditHoldPlaced)]
        return [each.credit_hold_id for each in placed if each.customer_id in customers]


@pytest.fixture
def shop(firm: Any) -> Shop:
    return Shop(firm)


def test_without_the_policy_goods_leave_as_before(firm: Any) -> None:
    Shop(firm, need_reservation=False).deliver(10)


def test_an_order_without_a_reservation_is_not_delivered_and_loses_nothing(shop: Shop) -> None:
    with pytest.raises(OrderNotCleared, match=r"12\.00 EUR; 0\.00 EUR are reserved") as refused:
        shop.deliver(1)
    assert "POST /v1/reservations" in refused.value.remedy
    assert shop.books.state(ORDER, "ord_1").delivered == "none"
    shop.reserve(12_00)
    shop.deliver(1)


def test_a_blocked_order_waits_with_its_reasons_until_somebody_accepts_it(shop: Shop) -> None:
    shop.reserve(120_00, decision="refuse", reasons=("limit-exceeded",))
    with pytest.raises(OrderNotCleared, match="limit-exceeded"):
        shop.deliver(1)
    shop.happens(ReservationOverridden, 120_00)
    shop.deliver(10)


def test_deliveries_share_what_is_reserved_also_before_they_are_counted(shop: Shop) -> None:
    shop.reserve(60_00)
    first = shop.deliver(4)
    with pytest.raises(OrderNotCleared, match=r"24\.00 EUR; 12\.00 EUR are reserved"):
        shop.deliver(2)
    counted = {"order_id": "ord_1", "delivery_id": first, "reservation_id": "rsv_1", "currency": "EUR"}
    shop.happens(ReservationConsumed, 48_00, delivered_minor=0, delivery_id=first)
    shop.happen(
        event(OrderDeliveryCounted, order_credit_id=credit_of("ord_1"), amount_minor=48_00, **counted)
    )
    with pytest.raises(OrderNotCleared, match=r"24\.00 EUR; 12\.00 EUR are reserved"):
        shop.deliver(2)
    shop.reserve(12_00, number=2)
    shop.deliver(2)


@pytest.mark.parametrize(
    "end",
    [
        lambda shop: shop.happens(ReservationReleased, 120_00),
        lambda shop: shop.happens(ReservationExpired, 120_00),
        lambda shop: setattr(shop, "today", TODAY + timedelta(days=10)),
    ],
    ids=["released", "expired", "last day passed"],
)
def test_what_has_ended_clears_nothing(shop: Shop, end: Callable[[Shop], None]) -> None:
    shop.reserve(120_00)
    end(shop)
    with pytest.raises(OrderNotCleared):
        shop.deliver(1)


@pytest.mark.parametrize("other", [{"customer_id": "cus_9"}, {"currency": "USD"}])
def test_a_reservation_of_another_customer_or_currency_clears_nothing(
    shop: Shop, other: dict[str, Any]
) -> None:
    shop.reserve(120_00, **other)
    with pytest.raises(OrderNotCleared):
        shop.deliver(1)


def test_a_reservation_that_is_released_at_the_same_moment_clears_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.reserve(120_00)
    append = shop.books.ledger.append

    async def overtaken(late: Append) -> Appended:
        monkeypatch.setattr(shop.books.ledger, "append", append)
        shop.happens(ReservationReleased, 120_00)
        return await append(late)

    monkeypatch.setattr(shop.books.ledger, "append", overtaken)
    with pytest.raises(OrderNotCleared):
        shop.deliver(1)


def test_a_hold_stops_a_delivery_until_it_ends_or_somebody_accepts_the_order_in_spite_of_it(
    shop: Shop,
) -> None:
    shop.reserve(120_00)
    hold = {"credit_hold_id": "chd_1", "customer_id": "cus_1"}
    shop.happen(event(CreditHoldPlaced, until=None, text="Cheque returned", **hold))
    with pytest.raises(DeliveryOnHold, match="Cheque returned"):
        shop.deliver(1)
    accepted = event(CreditBasis, holds=("chd_1",))
    shop.reserve(24_00, number=2, decision="refuse", reasons=("on-hold",))
    shop.happen(event(ReservationOverridden, reservation_id="rsv_2", amount_minor=24_00, basis=accepted))
    shop.deliver(1)
    shop.happen(event(ReservationReleased, reservation_id="rsv_2", amount_minor=12_00))
    with pytest.raises(DeliveryOnHold) as refused:
        shop.deliver(1)
    assert isinstance(refused.value, Refusal)
    shop.happen(event(CreditHoldReleased, **hold))
    shop.deliver(1)


def test_a_hold_ends_with_its_last_day(shop: Shop) -> None:
    shop.reserve(120_00)
    shop.happen(event(CreditHoldPlaced, credit_hold_id="chd_1", customer_id="cus_1", until=TODAY))
    with pytest.raises(DeliveryOnHold):
        shop.deliver(1)
    shop.today += timedelta(days=1)
    shop.deliver(1)


@pytest.fixture
def strict(firm: Any) -> Shop:
    return Shop(firm, need_reservation=False, direct_invoices="cleared")


def direct(pieces: str = "10", invoice: str = "inv_1", **more: Any) -> DraftInvoice:
    content = Content(TODAY, (LineInput("tyre", pieces, "10.00", "20"),))
    return DraftInvoice(invoice, "ent_1", "cus_1", "FAC", content, **more)


def test_an_invoice_without_a_delivery_is_issued_for_what_reservations_let_pass(strict: Shop) -> None:
    with pytest.raises(InvoiceNotCleared, match=r"120\.00 EUR; it has 0\.00 EUR") as refused:
        strict.books.do(invoices.draft, direct(issue=True))
    assert "POST /v1/reservations/{id}/override" in refused.value.remedy
    strict.books.do(invoices.draft, direct())
    strict.count("inv_1", 119_99)
    with pytest.raises(InvoiceNotCleared):
        strict.issue("inv_1")
    strict.count("inv_1", 1)
    strict.books.do(invoices.amend, AmendInvoice("inv_1", lines=direct("11").content.lines))
    with pytest.raises(InvoiceNotCleared, match=r"132\.00 EUR; it has 120\.00 EUR"):
        strict.issue("inv_1")
    strict.books.do(invoices.amend, AmendInvoice("inv_1", lines=direct().content.lines))
    assert strict.issue("inv_1")


def test_a_draft_counts_what_was_let_pass(strict: Shop) -> None:
    """By the policy of the moment; delivered goods count also where the draft bills less of them."""

    def cleared() -> list[int | None]:
        drafts = [e.data for e in strict.books.ledger.events]
        return [each.cleared_minor for each in drafts if isinstance(each, InvoiceDrafted | InvoiceAmended)]

    strict.books.do(invoices.draft, direct())
    strict.books.do(invoices.amend, AmendInvoice("inv_1", lines=direct("11").content.lines))
    strict.count("inv_1", 132_00)
    strict.issue("inv_1")
    changes = AmendInvoice("inv_1", lines=direct("9").content.lines)
    strict.books.do(corrections.correct, CorrectInvoice("inv_1", "Wrong", changes, issue=False))
    strict.deliver(3)
    strict.bill_goods("inv_2")
    strict.books.do(invoices.amend, AmendInvoice("inv_2", lines=direct("5").content.lines))
    strict.books.do(invoices.amend, AmendInvoice("inv_2", lines=direct("2").content.lines))
    strict.policy("free")
    strict.books.do(invoices.draft, direct(invoice="inv_3"))
    strict.books.do(invoices.amend, AmendInvoice("inv_2", lines=direct("6").content.lines))
    assert cleared() == [0, 0, None, 36_00, 36_00, 36_00, None, None]


def test_goods_that_were_delivered_are_billed_whatever_the_limit_and_no_more_beside_them(
    strict: Shop,
) -> None:
    strict.deliver(3)
    strict.bill_goods("inv_1")
    strict.books.do(invoices.amend, AmendInvoice("inv_1", lines=direct("5").content.lines))
    with pytest.raises(InvoiceNotCleared, match=r"24\.00 EUR; it has 0\.00 EUR"):
        strict.issue("inv_1")
    strict.books.do(invoices.amend, AmendInvoice("inv_1", lines=direct("3").content.lines))
    assert strict.issue("inv_1")


def test_a_correction_adds_nothing_that_no_reservation_let_pass(strict: Shop) -> None:
    strict.books.do(invoices.draft, direct())
    strict.count("inv_1", 120_00)
    strict.issue("inv_1")

    def correct(pieces: str, *, issue: bool = True) -> None:
        changes = AmendInvoice("inv_1", lines=direct(pieces).content.lines)
        strict.books.do(corrections.correct, CorrectInvoice("inv_1", "Wrong", changes, issue=issue))

    with pytest.raises(InvoiceNotCleared, match=r"12\.00 EUR; it has 0\.00 EUR"):
        correct("11")
    correct("11", issue=False)
    draft = correction_id("inv_1")
    strict.count(draft, 11_99)
    with pytest.raises(InvoiceNotCleared, match=r"12\.00 EUR; it has 11\.99 EUR"):
        strict.issue(draft)
    strict.count(draft, 1)
    assert strict.issue(draft)


def test_a_correction_of_no_higher_amount_needs_no_reservation(strict: Shop) -> None:
    strict.books.do(invoices.draft, direct())
    strict.count("inv_1", 120_00)
    strict.issue("inv_1")
    changes = AmendInvoice("inv_1", lines=direct("9").content.lines)
    strict.books.do(corrections.correct, CorrectInvoice("inv_1", "Wrong", changes))
    assert strict.books.state(INVOICE, correction_id("inv_1")).total_minor == 108_00


def test_goods_wait_for_the_deposit_of_their_order(shop: Shop) -> None:
    """Paid by deposit invoices with the order's number as reference, unless somebody accepts the order without it."""
    in_advance = AgreeTerms("cus_1", ProposedTerms("NET", 30, None, None, deposit_bps=10_000))
    shop.books.do(customers.agree_terms, in_advance)
    shop.books.do(orders.place, PlaceOrder("ord_2", "ent_1", "cus_1", ORDERED))
    number = shop.books.state(ORDER, "ord_2").number
    shop.reserve(120_00, order="ord_2")

    async def deposits(*_: str) -> list[str]:
        return [e.stream for e in shop.books.ledger.events if e.type == "invoice.issued"]

    def deliver() -> None:
        shop.books.do(orders.deliver, DeliverOrder("ord_2", "BL-9"), shop.holds, deposits)

    def bill(invoice: str, pieces: str, reference: str, purpose: Purpose = "deposit") -> None:
        content = Content(TODAY, (LineInput("tyre", pieces, "10.00", "20"),), reference=reference)
        draft = DraftInvoice(invoice, "ent_1", "cus_1", "FAC", content, issue=True, purpose=purpose)
        shop.books.do(invoices.draft, draft)
        paid = ReceivePayment(f"pay_{invoice}", "ent_1", "cus_1", TODAY, 120_00, "EUR", "transfer")
        shop.books.do(payments.receive, paid, (invoice,))

    with pytest.raises(DepositOutstanding, match=r"120\.00 EUR is agreed for .*; 0\.00 EUR are paid"):
        deliver()
    bill("inv_1", "10", "another order")
    bill("inv_2", "10", number, "invoice")
    bill("inv_3", "9", number)
    with pytest.raises(DepositOutstanding, match=r"108\.00 EUR are paid") as refused:
        deliver()
    assert refused.value.extra == {"needed_minor": 120_00, "paid_minor": 108_00}
    accepted = shop.books.ledger.version("ord_2")
    shop.happens(ReservationOverridden, 120_00)
    deliver()
    assert shop.books.ledger.version("ord_2") == accepted + 1
    shop.books.do(orders.cancel_delivery, cancelled(shop, "ord_2"))
    shop.reserve(120_00, order="ord_2")
    with pytest.raises(DepositOutstanding):
        deliver()
    bill("inv_4", "1", number)
    deliver()


def cancelled(shop: Shop, order: str) -> CancelDelivery:
    return CancelDelivery(order, shop.books.state(ORDER, order).deliveries[-1].delivery_id, "Mistake")
