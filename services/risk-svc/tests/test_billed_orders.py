"""Given an invoice that was credited, rebated or replaced, it ends orders by what it bills still, once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from encours.contracts.common import CitedDelivery, CitedInvoice, Line
from encours.contracts.events.invoice import InvoiceAmended, InvoiceRebated, ShareUndisputed
from encours.contracts.events.sales.order import OrderDelivered, OrderPlaced
from encours.kernel.errors import Invalid
from encours.testing.events import credited, drafted, event, issued, sums
from risk_svc.domain.reservation.commands import ConsumeReservation, FollowOrder
from risk_svc.domain.reservation.decide import MoreThanInvoiced
from risk_svc.use_cases import reservations
from tests.histories.billing import BilledGoods
from tests.histories.credit import HEAD, CreditDesk

FIRST, SECOND, DEPOSIT = f"inv_{1:032x}", f"inv_{2:032x}", f"inv_{3:032x}"
CORRECTS = event(CitedInvoice, invoice_id=FIRST)


def of(invoice_id: str) -> dict[str, Any]:
    return {"invoice_id": invoice_id, "customer_id": HEAD, "currency": "EUR"}


def bills(minor: int, invoice_id: str = FIRST) -> CreditDesk:
    """A desk with an invoice."""
    desk = CreditDesk(10_000_00)
    desk.happen(issued(minor, **of(invoice_id)))
    return desk


def end(desk: CreditDesk, invoice_id: str, minor: int | None = None) -> int:
    """End an order of 1,000.00, at most, by an invoice; return the amount."""
    made = desk.order(1_000_00 if minor is None else minor).reservation_id
    desk.consume(ConsumeReservation(made, invoice_id, None, None, None))
    return desk.reservation(made).consumed_minor


def end_nothing(desk: CreditDesk, invoice_id: str) -> None:
    with pytest.raises(MoreThanInvoiced) as refused:
        end(desk, invoice_id)
    assert refused.value.extra == {"left_minor": 0}


def test_goods_that_were_credited_stay_reserved() -> None:
    """A share of the order is billed again later: until then it counts once, as reserved."""
    desk = bills(1_000_00)
    made = desk.order(1_000_00).reservation_id
    desk.happen(credited(400_00, **of(FIRST)))
    desk.consume(ConsumeReservation(made, FIRST, None, None, None))
    assert (desk.reservation(made).reserved_minor, desk.total()) == (400_00, 1_000_00)
    desk.happen(issued(400_00, **of(SECOND)))
    desk.consume(ConsumeReservation(made, SECOND, None, None, None))
    assert (desk.reservation(made).status, desk.total()) == ("consumed", 1_000_00)


def test_a_credit_note_frees_what_had_ended_an_order_once() -> None:
    desk = bills(1_000_00)
    assert end(desk, FIRST, 700_00) == 700_00
    desk.happen(credited(200_00, **of(FIRST)))
    assert end(desk, FIRST) == 100_00
    end_nothing(desk, FIRST)
    desk.happen(credited(800_00, **of(FIRST)))
    end_nothing(desk, FIRST)


def test_a_claim_that_was_accepted_ends_nothing_before_its_credit_note_or_after_it() -> None:
    desk = bills(1_000_00)
    desk.happen(
        event(
            ShareUndisputed,
            outcome="credited",
            amount_minor=300_00,
            awaiting_credit_minor=300_00,
            **of(FIRST),
        )
    )
    assert end(desk, FIRST, 600_00) == 600_00
    desk.happen(credited(300_00, awaited_minor=300_00, **of(FIRST)))
    assert end(desk, FIRST) == 100_00


@pytest.mark.parametrize("rebate_first", [False, True])
def test_a_rebate_lowers_the_price_of_goods_that_are_billed_all_the_same(rebate_first: bool) -> None:
    """10 % off what half of the goods cost: 500.00 of the order are billed, at 450.00."""
    desk = bills(1_000_00)
    note, rebate = (
        credited(450_00 if rebate_first else 500_00, **of(FIRST)),
        event(InvoiceRebated, **(sums(100_00 if rebate_first else 50_00) | of(FIRST))),
    )
    desk.happen(*((rebate, note) if rebate_first else (note, rebate)))
    assert end(desk, FIRST) == 500_00
    desk.happen(credited(450_00, **of(FIRST)))
    end_nothing(desk, FIRST)


def test_an_invoice_and_its_correction_end_what_one_of_them_bills() -> None:
    desk = bills(1_000_00)
    desk.happen(drafted(1_200_00, corrects=CORRECTS, **of(SECOND)))
    assert end(desk, SECOND) == 200_00
    end_nothing(desk, SECOND)
    assert end(desk, FIRST, 300_00) == 300_00
    desk.happen(credited(1_000_00, **of(FIRST)), issued(1_200_00, corrects=CORRECTS, **of(SECOND)))
    end_nothing(desk, FIRST)
    assert end(desk, SECOND) == 700_00
    end_nothing(desk, SECOND)


def test_an_invoice_that_was_credited_as_a_whole_and_billed_again_ends_orders_anew() -> None:
    """The credit note has freed the limit, which others may have used since."""
    desk = bills(1_000_00)
    assert end(desk, FIRST) == 1_000_00
    desk.happen(credited(1_000_00, **of(FIRST)))
    desk.happen(issued(1_000_00, corrects=CORRECTS, **of(SECOND)))
    assert end(desk, SECOND) == 1_000_00


@pytest.mark.parametrize("credited_minor", [0, 50_00, 300_00])
def test_a_final_invoice_ends_what_its_deposits_leave_as_a_draft_too(credited_minor: int) -> None:
    """A third of the order was billed by a deposit invoice, which ends that part."""
    desk, rest = CreditDesk(10_000_00), 700_00 + credited_minor
    desk.happen(issued(300_00, purpose="deposit", **of(DEPOSIT)))
    if credited_minor:
        desk.happen(credited(credited_minor, **of(DEPOSIT)))
    desk.happen(drafted(1_000_00, deposits=(DEPOSIT,), **of(FIRST)))
    assert BilledGoods(desk.books.ledger.events).room(FIRST) == rest
    assert end(desk, FIRST) == rest
    end_nothing(desk, FIRST)
    desk.happen(issued(rest, **of(FIRST)))
    end_nothing(desk, FIRST)
    if credited_minor < 300_00:
        assert end(desk, DEPOSIT) == 300_00 - credited_minor


def test_the_draft_of_a_final_invoice_that_deducts_no_deposit_any_more_ends_its_total() -> None:
    desk, whole = CreditDesk(10_000_00), {"invoice_id": FIRST, "customer_id": HEAD} | sums(1_000_00)
    desk.happen(issued(300_00, purpose="deposit", **of(DEPOSIT)))
    desk.happen(drafted(900_00, deposits=(DEPOSIT,), **of(FIRST)))
    desk.happen(event(InvoiceAmended, deposits=(DEPOSIT,), **whole))
    assert end(desk, FIRST, 500_00) == 500_00
    assert end(desk, FIRST) == 200_00
    desk.happen(event(InvoiceAmended, deposits=(), **whole))
    assert end(desk, FIRST) == BilledGoods(desk.books.ledger.events).room(FIRST) + 300_00 == 300_00


def test_penalties_bill_no_goods() -> None:
    desk = CreditDesk()
    desk.happen(issued(40_00, purpose="penalty", **of(FIRST)))
    with pytest.raises(Invalid, match="penalties"):
        end(desk, FIRST)


@pytest.mark.parametrize("as_draft", [False, True])
def test_an_invoice_of_deliveries_ends_what_these_have_not(as_draft: bool) -> None:
    """Deliveries end the reservations of their order; the invoice those of what it bills beside them."""
    desk, order_id = CreditDesk(10_000_00), f"ord_{1:032x}"
    ordered: dict[str, Any] = {"order_id": order_id, "customer_id": HEAD, "net_minor": 100_00}
    desk.happen(event(OrderPlaced, total_minor=120_00, **ordered))
    desk.do(reservations.follow, FollowOrder(order_id), desk)
    delivery = {"delivery_id": "dlv_1"}
    desk.happen(event(OrderDelivered, **ordered, **delivery))
    desk.do(reservations.follow, FollowOrder(order_id), desk)
    cited = (event(CitedDelivery, order_id=order_id, **delivery),)
    lines = (event(Line),) * 2
    write = partial(drafted, lines=lines) if as_draft else issued
    desk.happen(write(180_00, deliveries=cited, **of(FIRST)))
    rounding = 2 if as_draft else 0
    assert end(desk, FIRST) == 60_00 + rounding
    end_nothing(desk, FIRST)
