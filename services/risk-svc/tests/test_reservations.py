"""Given a limit, when orders come, then what is reserved never exceeds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from encours.contracts.common import CitedInvoice
from encours.contracts.events.credit_policy import HoldRules, OrderRules
from encours.contracts.events.invoice import InvoiceAmended
from encours.contracts.events.parties.customer import CustomerMerged, RolesAssigned
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.reservation import OrderBillingCounted
from encours.contracts.events.sales.order import DeliveryCancelled, OrderBilled, OrderDelivered, OrderPlaced
from encours.kernel.errors import Invalid
from encours.kernel.exchange import QuotedRate
from encours.ledger.errors import VersionConflict
from encours.ledger.model import Append, Appended
from encours.testing.events import credited, drafted, event, issued, received, sums
from encours.testing.memory import TODAY
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.policy import SetCreditPolicy
from risk_svc.domain.reservation.commands import (
    ConsumeReservation,
    DeliverReservation,
    ExpireReservation,
    RecheckReservation,
    ReleaseReservation,
    ReserveCredit,
)
from risk_svc.domain.reservation.decide import (
    MoreThanDelivered,
    MoreThanInvoiced,
    MoreThanReserved,
    OrderIsBlocked,
    OrderNotBlocked,
    OrderRateMissing,
    ReservationEnded,
)
from risk_svc.use_cases import reservations, standing
from tests.histories.credit import HEAD, MEMBER, CreditDesk

INVOICE, ORDER = f"inv_{1:032x}", f"ord_{1:032x}"


def consume(reservation_id: str, **by: Any) -> ConsumeReservation:
    asked = ConsumeReservation(reservation_id, None, None, None, None)
    return replace(asked, **by)


def order(desk: CreditDesk, amount_minor: int, customer_id: str = HEAD) -> None:
    desk.order(amount_minor, customer_id)


def test_orders_are_accepted_up_to_the_limit_and_a_refusal_says_what_was_left() -> None:
    desk = CreditDesk()
    assert desk.order(600_00).status == "reserved"
    refused = desk.order(500_00, MEMBER)
    assert (refused.status, refused.decision, refused.reasons) == ("blocked", "refuse", ("limit-exceeded",))
    assert refused.basis is not None
    assert (refused.basis.left_minor, refused.basis.exposure.reserved_minor) == (400_00, 600_00)
    assert refused.basis.holder_id == HEAD
    assert desk.order(400_00, MEMBER).status == "reserved"
    assert desk.total() == 1_000_00


@pytest.mark.parametrize("before", [0, 1])
def test_an_order_that_another_overtakes_is_decided_again(before: int) -> None:
    """With an order before, the process knows the line, and the append finds out; without, the figures do."""
    desk = CreditDesk()
    for _ in range(before):
        desk.order(1_00)
    desk.meanwhile.append(lambda: order(desk, 700_00, MEMBER))
    late = desk.order(700_00)
    assert late.status == "blocked"
    assert late.basis is not None
    assert late.basis.left_minor == 300_00 - before * 1_00
    assert desk.total() == 700_00 + before * 1_00


def test_figures_that_are_behind_accept_nothing_and_are_asked_for_again() -> None:
    desk = CreditDesk()

    class Behind:
        async def of(self, *_: Any) -> SeenPicture:
            return replace(desk.seen(HEAD), lag=3, behind=True)

    asked = ReserveCredit(f"rsv_{99:032x}", HEAD, "WEB", 10_00, "EUR", None, None)
    desk.do(reservations.reserve, asked, Behind())
    found = desk.reservation(asked.reservation_id)
    assert (found.status, found.decision, found.reasons) == ("blocked", "refer", ("figures-behind",))
    again = RecheckReservation(asked.reservation_id, quiet=True)
    with pytest.raises(VersionConflict):
        desk.do(reservations.recheck, again, Behind())
    desk.do(reservations.recheck, again, desk)
    assert desk.reservation(asked.reservation_id).status == "reserved"


def test_an_order_whose_customer_leaves_the_group_meanwhile_is_decided_again() -> None:
    desk = CreditDesk(limit_minor=100_00)
    blocked = desk.order(300_00, MEMBER).reservation_id
    desk.limit(1_000_00)
    leaves = event(RolesAssigned, customer_id=MEMBER, group_id=None, valid_from=TODAY)
    desk.meanwhile.append(lambda: desk.happen(leaves))
    desk.do(reservations.recheck, RecheckReservation(blocked), desk)
    assert desk.reservation(blocked).reasons == ("no-limit",)


def test_money_of_the_customer_needs_no_limit() -> None:
    desk = CreditDesk(limit_minor=None)
    assert desk.order(100_00).reasons == ("no-limit",)
    desk.happen(received(150_00, customer_id=HEAD))
    paid = desk.order(100_00)
    assert (paid.decision, paid.reasons) == ("accept", ("prepaid",))
    assert desk.order(60_00).reasons == ("no-limit",), "the money is spoken for"


def test_money_of_one_who_shares_the_limit_covers_the_debts_of_all() -> None:
    desk = CreditDesk(limit_minor=None)
    desk.happen(received(150_00, customer_id=MEMBER))
    assert desk.order(100_00, HEAD).reasons == ("prepaid",)
    desk.happen(issued(20_00, invoice_id=INVOICE, customer_id=HEAD))
    assert desk.order(40_00, MEMBER).reasons == ("no-limit",)


def test_a_blocked_order_is_decided_again_once_money_is_there() -> None:
    desk = CreditDesk()
    desk.order(900_00)
    blocked = desk.order(300_00).reservation_id
    assert desk.do(reservations.recheck, RecheckReservation(blocked, quiet=True), desk) == []
    assert desk.do(reservations.recheck, RecheckReservation(blocked), desk) == ["reservation.decided"]
    desk.happen(received(200_00, customer_id=MEMBER))
    assert desk.do(reservations.recheck, RecheckReservation(blocked, quiet=True), desk) == [
        "reservation.decided",
        "credit_line.drawn",
    ]
    assert (desk.reservation(blocked).status, desk.reservation(blocked).attempt) == ("reserved", 3)
    with pytest.raises(OrderNotBlocked):
        desk.do(reservations.recheck, RecheckReservation(blocked), desk)


def test_goods_count_once_from_the_order_to_the_invoice() -> None:
    desk = CreditDesk()
    made = desk.order(500_00).reservation_id
    desk.consume(DeliverReservation(made, "BL-1", 200_00, "EUR"))
    assert (desk.total(), desk.seen(HEAD).picture.delivered["EUR"]) == (500_00, 200_00)
    with pytest.raises(Invalid, match="invoice that exists"):
        desk.consume(consume(made, invoice_id=INVOICE, amount_minor=200_00))
    desk.happen(issued(250_00, invoice_id=INVOICE, customer_id=HEAD))
    desk.consume(consume(made, invoice_id=INVOICE, amount_minor=250_00))
    found = desk.reservation(made)
    assert (found.reserved_minor, found.delivered_minor, found.consumed_minor) == (250_00, 0, 250_00)
    assert (found.status, desk.total()) == ("reserved", 500_00)
    with pytest.raises(MoreThanReserved, match=r"250\.00"):
        desk.consume(DeliverReservation(made, "BL-2", 250_01, "EUR"))
    desk.do(reservations.release, ReleaseReservation(made, "Rest cancelled"))
    assert (desk.reservation(made).status, desk.total()) == ("released", 250_00)
    with pytest.raises(ReservationEnded):
        desk.consume(DeliverReservation(made, "BL-3", None, None))


def test_documents_of_another_customer_end_no_reservation() -> None:
    desk = CreditDesk()
    made = desk.order(500_00, order_ref=ORDER).reservation_id
    desk.happen(issued(500_00, invoice_id=INVOICE, customer_id=MEMBER))
    delivery = {"order_id": ORDER, "customer_id": MEMBER, "delivery_id": "dlv_1", "net_minor": 1_00}
    desk.happen(event(OrderPlaced, order_id=ORDER, customer_id=MEMBER, net_minor=1_00, total_minor=1_00))
    desk.happen(event(OrderDelivered, **delivery))
    for by in ({"invoice_id": INVOICE}, {"delivery_id": "dlv_1"}):
        with pytest.raises(Invalid, match="customer's"):
            desk.consume(consume(made, **by))
    desk.happen(event(CustomerMerged, customer_id=MEMBER, into_id=HEAD))
    desk.consume(consume(made, invoice_id=INVOICE))
    assert desk.reservation(made).status == "consumed"


def test_who_orders_may_name_the_invoice_that_another_is_billed() -> None:
    desk = CreditDesk()
    made = desk.order(500_00, MEMBER).reservation_id
    desk.happen(issued(500_00, invoice_id=INVOICE, customer_id=HEAD, purchaser_id=MEMBER))
    desk.consume(consume(made, invoice_id=INVOICE))
    assert (desk.reservation(made).status, desk.total()) == ("consumed", 500_00)


def test_an_invoice_ends_two_orders_by_its_total_and_no_more() -> None:
    desk = CreditDesk()
    first, second = desk.order(300_00).reservation_id, desk.order(400_00).reservation_id
    desk.happen(drafted(invoice_id=INVOICE, customer_id=HEAD, total_minor=450_00))
    desk.consume(consume(first, invoice_id=INVOICE))
    with pytest.raises(MoreThanInvoiced, match=r"150\.00"):
        desk.consume(consume(second, invoice_id=INVOICE, amount_minor=150_01))
    assert desk.consume(consume(second, invoice_id=INVOICE)) == [
        "order_billing.counted",
        "reservation.consumed",
    ]
    assert (desk.reservation(first).status, desk.reservation(second).reserved_minor) == ("consumed", 250_00)
    assert desk.total() == 700_00
    with pytest.raises(MoreThanInvoiced, match=r"0\.00"):
        desk.consume(consume(second, invoice_id=INVOICE))


def test_two_orders_that_one_invoice_bills_at_once_share_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = CreditDesk()
    first, second = desk.order(300_00).reservation_id, desk.order(400_00).reservation_id
    desk.happen(issued(450_00, invoice_id=INVOICE, customer_id=HEAD))
    append = desk.books.ledger.append

    async def overtaken(late: Append) -> Appended:
        monkeypatch.setattr(desk.books.ledger, "append", append)
        desk.consume(consume(first, invoice_id=INVOICE))
        return await append(late)

    monkeypatch.setattr(desk.books.ledger, "append", overtaken)
    desk.consume(consume(second, invoice_id=INVOICE))
    assert [desk.reservation(each).consumed_minor for each in (first, second)] == [300_00, 150_00]


def test_an_order_is_ended_by_two_invoices() -> None:
    desk = CreditDesk()
    made = desk.order(500_00).reservation_id
    for n, minor in ((1, 200_00), (2, 300_00)):
        desk.happen(issued(minor, invoice_id=f"inv_{n:032x}", customer_id=HEAD))
        desk.consume(consume(made, invoice_id=f"inv_{n:032x}"))
        assert desk.total() == 500_00
    assert desk.reservation(made).status == "consumed"


def test_the_draft_of_a_correction_ends_a_reservation_of_what_it_adds() -> None:
    desk = CreditDesk()
    old = f"inv_{8:032x}"
    desk.happen(issued(500_00, invoice_id=old, customer_id=HEAD))
    corrects = event(CitedInvoice, invoice_id=old)
    desk.happen(drafted(560_00, invoice_id=INVOICE, customer_id=HEAD, corrects=corrects))
    assert desk.total() == 500_00
    made = desk.order(60_00).reservation_id
    desk.consume(consume(made, invoice_id=INVOICE))
    assert (desk.reservation(made).status, desk.total()) == ("consumed", 560_00)
    named = {"invoice_id": INVOICE, "customer_id": HEAD}
    desk.happen(event(InvoiceAmended, **(sums(530_00) | named)))
    assert desk.total() == 560_00, "what it has let pass counts until it is issued"
    desk.happen(credited(500_00, invoice_id=old, customer_id=HEAD), issued(530_00, **named))
    assert desk.total() == 530_00


@pytest.mark.parametrize("credited_minor", [0, 100_00])
@pytest.mark.parametrize("is_issued", [False, True], ids=["draft", "issued"])
def test_a_correction_ends_no_reservation_for_goods_that_ended_one_before(
    is_issued: bool, credited_minor: int
) -> None:
    desk = CreditDesk()
    old, named = f"inv_{8:032x}", {"invoice_id": INVOICE, "customer_id": HEAD}
    corrects = event(CitedInvoice, invoice_id=old)
    desk.happen(issued(500_00, invoice_id=old, customer_id=HEAD))
    desk.consume(consume(desk.order(500_00).reservation_id, invoice_id=old))
    if credited_minor:
        desk.happen(credited(credited_minor, invoice_id=old, customer_id=HEAD))
    made = desk.order(400_00).reservation_id
    desk.happen(drafted(560_00, corrects=corrects, **named))
    left_minor = 500_00 - credited_minor
    if is_issued:
        whole = credited(left_minor, invoice_id=old, customer_id=HEAD)
        desk.happen(whole, issued(560_00, corrects=corrects, **named))
    desk.consume(consume(made, invoice_id=INVOICE))
    assert desk.reservation(made).consumed_minor == 560_00 - left_minor
    with pytest.raises(MoreThanInvoiced):
        desk.consume(consume(made, invoice_id=INVOICE))


def test_delivered_goods_may_be_billed_when_the_reservation_has_ended() -> None:
    desk = CreditDesk()
    made = desk.order(500_00, expires_on=TODAY).reservation_id
    desk.consume(DeliverReservation(made, "BL-1", 200_00, "EUR"))
    desk.today += timedelta(days=1)
    assert desk.do(reservations.expire, ExpireReservation(made)) == ["reservation.expired"]
    assert (desk.reservation(made).status, desk.total()) == ("expired", 200_00)
    desk.happen(issued(200_00, invoice_id=INVOICE, customer_id=HEAD))
    desk.consume(consume(made, invoice_id=INVOICE))
    assert (desk.reservation(made).status, desk.total()) == ("consumed", 200_00)


def test_a_blocked_order_is_neither_delivered_nor_billed_and_can_be_closed() -> None:
    desk = CreditDesk()
    blocked = desk.order(2_000_00).reservation_id
    with pytest.raises(OrderIsBlocked):
        desk.consume(DeliverReservation(blocked, "BL-1", None, None))
    assert desk.do(reservations.release, ReleaseReservation(blocked, "Customer cancels")) == [
        "reservation.released"
    ]
    assert desk.do(reservations.release, ReleaseReservation(blocked, "Customer cancels")) == []
    assert desk.total() == 0


def test_a_reservation_counts_on_its_last_day_and_expires_on_the_next() -> None:
    desk = CreditDesk()
    made = desk.order(500_00).reservation_id
    last = desk.reservation(made).expires_on
    assert last == TODAY + timedelta(days=30)
    desk.today = last
    assert desk.do(reservations.expire, ExpireReservation(made)) == []
    desk.today = last + timedelta(days=1)
    assert desk.do(reservations.expire, ExpireReservation(made)) == ["reservation.expired"]
    assert desk.do(reservations.expire, ExpireReservation(made)) == []
    assert desk.total() == 0


def test_a_reservation_that_would_end_before_the_delivery_is_refused_as_written() -> None:
    later = TODAY + timedelta(days=3)
    with pytest.raises(Invalid, match="before the day of delivery"):
        CreditDesk().order(1_00, deliver_on=later, expires_on=TODAY)


def delivered(desk: CreditDesk, number: int, net_minor: int, **more: Any) -> str:
    delivery = f"dlv_{number}"
    fields = {"order_id": ORDER, "customer_id": HEAD, "delivery_id": delivery, "net_minor": net_minor}
    desk.happen(event(OrderDelivered, **(fields | more)))
    return delivery


def test_a_delivery_ends_its_own_amount_with_vat_and_once() -> None:
    desk = CreditDesk()
    order_of = {"order_id": ORDER, "customer_id": HEAD}
    desk.happen(event(OrderPlaced, net_minor=100_00, total_minor=120_00, vat_minor=20_00, **order_of))
    made = desk.order(120_00, order_ref=ORDER).reservation_id
    first = delivered(desk, 1, 33_33)
    assert desk.total() == 160_00, "counted twice until it ends the reservation"
    assert desk.consume(consume(made, delivery_id=first)) == ["order_credit.counted", "reservation.consumed"]
    assert (desk.reservation(made).reserved_minor, desk.total()) == (80_00, 120_00)
    assert desk.consume(consume(made, delivery_id=first)) == [], "it has ended its part"
    with pytest.raises(MoreThanDelivered, match=r"0\.00"):
        desk.consume(consume(made, delivery_id=first, amount_minor=1))
    assert desk.order(880_01).status == "blocked", "what is not delivered stays reserved"
    with pytest.raises(Invalid):
        desk.consume(consume(made, delivery_id="dlv_9"))
    second = delivered(desk, 2, 33_33)
    with pytest.raises(MoreThanDelivered, match=r"39\.99"):
        desk.consume(consume(made, delivery_id=second, amount_minor=40_00))
    desk.consume(consume(made, delivery_id=second, amount_minor=10_00))
    desk.consume(consume(made, delivery_id=second))
    desk.consume(consume(made, delivery_id=delivered(desk, 3, 33_33)))
    assert (desk.reservation(made).reserved_minor, desk.total()) == (1, 120_00)
    desk.do(reservations.release, ReleaseReservation(made, "All is delivered"))
    desk.happen(event(OrderBilled, net_minor=99_99, delivery_ids=(), **order_of))
    assert desk.total() == 0


def test_a_cancelled_delivery_ends_nothing() -> None:
    desk = CreditDesk()
    desk.happen(event(OrderPlaced, order_id=ORDER, customer_id=HEAD, net_minor=50_00, total_minor=60_00))
    made = desk.order(60_00, order_ref=ORDER).reservation_id
    wrong = delivered(desk, 1, 50_00)
    desk.happen(
        event(DeliveryCancelled, order_id=ORDER, customer_id=HEAD, delivery_id=wrong, net_minor=50_00)
    )
    with pytest.raises(Invalid):
        desk.consume(consume(made, delivery_id=wrong))
    desk.consume(consume(made, delivery_id=delivered(desk, 2, 50_00)))
    assert (desk.reservation(made).status, desk.total()) == ("consumed", 60_00)


def test_a_document_in_another_currency_ends_what_it_is_worth() -> None:
    desk = CreditDesk()
    first, second = desk.order(300_00).reservation_id, desk.order(200_00).reservation_id
    desk.happen(issued(500_00, invoice_id=INVOICE, customer_id=HEAD, currency="USD"))
    by_invoice = consume(first, invoice_id=INVOICE)
    with pytest.raises(OrderRateMissing, match="USD/EUR"):
        desk.consume(by_invoice)
    desk.rates = (QuotedRate("USD", "EUR", "0.90", TODAY, "ECB"),)
    desk.consume(by_invoice)
    with pytest.raises(MoreThanInvoiced, match=r"149\.99"):
        desk.consume(consume(second, invoice_id=INVOICE, amount_minor=150_00))
    desk.consume(consume(second, invoice_id=INVOICE))
    assert (desk.reservation(first).status, desk.reservation(second).reserved_minor) == ("consumed", 50_01)
    counted = [e.data for e in desk.books.ledger.events if isinstance(e.data, OrderBillingCounted)]
    assert [(each.amount_minor, each.currency) for each in counted] == [(333_34, "USD"), (166_66, "USD")]


def with_grace(days: int) -> CreditDesk:
    desk = CreditDesk()
    rules = SetCreditPolicy("ent_1", HoldRules(), (), (), OrderRules(grace_days=days))
    desk.happen(event(EntityRegistered, entity_id="ent_1"))
    desk.do(standing.set_policy, rules)
    return desk


def test_a_blocked_order_waits_for_the_days_of_grace() -> None:
    desk = with_grace(5)
    blocked = desk.order(2_000_00).reservation_id
    found = desk.reservation(blocked)
    assert (found.waits_until, found.expires_on) == (TODAY + timedelta(days=5), TODAY + timedelta(days=30))
    desk.today += timedelta(days=5)
    desk.do(reservations.recheck, RecheckReservation(blocked), desk)
    assert desk.do(reservations.expire, ExpireReservation(blocked)) == []
    desk.today += timedelta(days=1)
    assert desk.do(reservations.expire, ExpireReservation(blocked)) == ["reservation.expired"]


def test_an_order_that_is_accepted_in_its_days_of_grace_lasts_as_any_other() -> None:
    desk = with_grace(5)
    blocked, sooner = desk.order(2_000_00).reservation_id, desk.order(2_000_00, expires_on=TODAY)
    assert sooner.waits_until is None, "it waits no longer than its own last day"
    desk.happen(received(1_000_00, customer_id=HEAD))
    desk.do(reservations.recheck, RecheckReservation(blocked), desk)
    desk.today += timedelta(days=6)
    assert desk.do(reservations.expire, ExpireReservation(blocked)) == []
    assert desk.reservation(blocked).status == "reserved"


def test_a_blocked_order_is_closed_with_a_reason_alone() -> None:
    desk = CreditDesk()
    blocked = desk.order(2_000_00).reservation_id
    with pytest.raises(Invalid) as refused:
        desk.do(reservations.release, ReleaseReservation(blocked, None))
    assert [each.pointer for each in refused.value.errors] == ["/text"]
    assert desk.reservation(blocked).status == "blocked"
