"""Given orders in Encours, then their reservations follow them: goods count once from the order to the invoice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from encours.contracts.clearance import credit_of
from encours.contracts.events.reservation import OrderCreditFollowed, OrderReservationMade
from encours.contracts.events.sales.order import (
    DeliveryCancelled,
    OrderClosed,
    OrderDelivered,
    OrderPlaced,
)
from encours.ledger.errors import VersionConflict
from encours.ledger.model import Append, Appended
from encours.testing.events import event
from risk_svc.domain.reservation.commands import ConsumeReservation, FollowOrder, ReleaseReservation
from risk_svc.domain.reservation.state import Reservation
from risk_svc.use_cases import reservations
from tests.histories.credit import HEAD, MEMBER, CreditDesk

ORDER = f"ord_{7:032x}"
FOLLOW = FollowOrder(ORDER)


class OrderDesk(CreditDesk):
    """An order of a member of the group in Encours: 100.00 without VAT, 120.00 with it."""

    def __init__(self, limit_minor: int = 1_000_00) -> None:
        super().__init__(limit_minor)
        self.happen(
            event(OrderPlaced, order_id=ORDER, customer_id=MEMBER, net_minor=100_00, total_minor=120_00)
        )

    def follow(self) -> list[str]:
        return self.do(reservations.follow, FOLLOW, self)

    def deliver(self, number: int, net_minor: int) -> str:
        fields = {"order_id": ORDER, "customer_id": MEMBER, "delivery_id": f"dlv_{number}"}
        self.happen(event(OrderDelivered, net_minor=net_minor, **fields))
        return f"dlv_{number}"

    @property
    def reserved(self) -> list[Reservation]:
        made = [e.data for e in self.books.ledger.events if isinstance(e.data, OrderReservationMade)]
        return [self.reservation(each.reservation_id) for each in made]


def test_an_order_is_decided_as_it_is_placed_and_each_version_is_followed_once() -> None:
    desk = OrderDesk()
    assert desk.follow() == [
        "order_credit.reserved",
        "reservation.decided",
        "credit_line.drawn",
        "order_credit.followed",
    ]
    assert desk.follow() == []
    [made] = desk.reserved
    assert (made.status, made.reserved_minor, made.order_ref) == ("reserved", 120_00, ORDER)
    assert (made.customer_id, desk.total()) == (MEMBER, 120_00)


def test_an_order_above_the_limit_waits_in_the_queue() -> None:
    desk = OrderDesk(limit_minor=119_99)
    desk.follow()
    assert [(each.status, each.reasons) for each in desk.reserved] == [("blocked", ("limit-exceeded",))]
    assert desk.total() == 0


def test_what_is_delivered_counts_once() -> None:
    desk = OrderDesk()
    desk.follow()
    desk.deliver(1, 33_33)
    assert desk.total() == 160_00
    assert desk.follow() == ["order_credit.counted", "reservation.consumed", "order_credit.followed"]
    assert (desk.total(), desk.reserved[0].reserved_minor) == (120_00, 80_00)
    desk.deliver(2, 33_33)
    desk.deliver(3, 33_34)
    desk.follow()
    assert (desk.total(), desk.reserved[0].status) == (120_00, "consumed")


def test_a_delivery_that_somebody_has_named_before_ends_its_part_once() -> None:
    desk = OrderDesk()
    desk.follow()
    made, delivery = desk.reserved[0].reservation_id, desk.deliver(1, 50_00)
    desk.consume(ConsumeReservation(made, None, delivery, None, None))
    assert desk.follow() == ["order_credit.followed"]
    assert desk.consume(ConsumeReservation(made, None, delivery, None, None)) == []
    assert (desk.total(), desk.reserved[0].reserved_minor) == (120_00, 60_00)


def test_two_workers_that_follow_an_order_at_once_end_its_delivery_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = OrderDesk()
    desk.follow()
    desk.deliver(1, 50_00)
    append = desk.books.ledger.append

    async def overtaken(late: Append) -> Appended:
        monkeypatch.setattr(desk.books.ledger, "append", append)
        desk.follow()
        return await append(late)

    monkeypatch.setattr(desk.books.ledger, "append", overtaken)
    desk.follow()
    assert (desk.total(), desk.reserved[0].reserved_minor) == (120_00, 60_00)
    followed = [e.data for e in desk.books.ledger.events if isinstance(e.data, OrderCreditFollowed)]
    assert [each.order_version for each in followed] == [1, 2]


def test_a_reservation_by_hand_is_for_what_is_delivered_after_it() -> None:
    """Goods delivered before the policy asked for a reservation end none."""
    desk = OrderDesk()
    desk.deliver(1, 60_00)
    made = desk.order(48_00, MEMBER, order_ref=ORDER).reservation_id
    desk.follow()
    assert (len(desk.reserved), desk.reservation(made).reserved_minor) == (1, 48_00)
    desk.deliver(2, 40_00)
    desk.follow()
    assert (desk.reservation(made).status, desk.total()) == ("consumed", 120_00)


def test_two_reservations_of_an_order_end_one_after_the_other() -> None:
    desk = OrderDesk()
    first, second = (desk.order(minor, MEMBER, order_ref=ORDER).reservation_id for minor in (50_00, 70_00))
    desk.deliver(1, 50_00)
    desk.follow()
    assert (desk.reservation(first).status, desk.reservation(second).reserved_minor) == ("consumed", 60_00)


def test_an_order_that_is_closed_needs_no_reservation() -> None:
    desk = OrderDesk()
    desk.follow()
    desk.deliver(1, 50_00)
    desk.happen(event(OrderClosed, order_id=ORDER, customer_id=MEMBER))
    desk.follow()
    assert (desk.reserved[0].status, desk.total()) == ("released", 60_00)


def test_what_somebody_has_released_is_not_reserved_again() -> None:
    desk = OrderDesk()
    desk.follow()
    made, delivery = desk.reserved[0].reservation_id, desk.deliver(1, 50_00)
    desk.follow()
    desk.do(reservations.release, ReleaseReservation(made, "The rest is not wanted"))
    desk.happen(
        event(DeliveryCancelled, order_id=ORDER, customer_id=MEMBER, delivery_id=delivery, net_minor=50_00)
    )
    assert desk.follow() == ["order_credit.followed"]
    assert desk.total() == 0


def test_figures_that_are_behind_decide_nothing_yet() -> None:
    desk = OrderDesk()

    class Behind:
        async def of(self, *_: Any) -> Any:
            return replace(desk.seen(HEAD), lag=1, behind=True)

    with pytest.raises(VersionConflict):
        desk.do(reservations.follow, FOLLOW, Behind())
    assert desk.books.stream(credit_of(ORDER)) == []


def test_a_reservation_of_another_customer_is_none_of_the_order() -> None:
    desk = OrderDesk()
    other = desk.order(120_00, HEAD, order_ref=ORDER).reservation_id
    assert desk.reserved == []
    desk.follow()
    desk.deliver(1, 100_00)
    desk.follow()
    assert (desk.reservation(other).reserved_minor, desk.total()) == (120_00, 240_00)
