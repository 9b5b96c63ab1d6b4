"""A payment that was booked to the wrong customer: it moves whole, and both debts are as if it had come rightly."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from encours.contracts.books import movements
from encours.contracts.settlement import Funds, Settlement, settlements
from encours.kernel.money import Money
from encours.legal.interest import statement
from encours.legal.packs import law_of
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.payment.commands import (
    AllocatePayment,
    ReassignPayment,
    ReleasePayment,
    ReversePayment,
)
from invoice_svc.domain.payment.refund import OrderRefund
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments, refunds, reversals
from invoice_svc.use_cases.parties import customers
from invoice_svc.use_cases.sales import invoices

TODAY = date(2026, 8, 31)


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


@pytest.fixture
def two(issued: Any, make: Any) -> Any:
    """Invoices of 120.00 to cus_1 and cus_2, due on 1 July; 120.00 of 20 June is on the first."""
    issued.do(customers.register, make.customer("cus_2"))
    issued.do(invoices.draft, make.at_once(make.draft("inv_2", customer_id="cus_2"), day(1)))
    issued.do(payments.receive, make.receipt(on=day(20)), ("inv_1",))
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 0
    return issued


def reassign(books: Any, **more: Any) -> None:
    command = ReassignPayment("pay_1", "cus_2", "wrong name", **more)
    books.do(payments.reassign, command, ("inv_1", "inv_2"), today=TODAY)


def accounts(books: Any, on: date = TODAY) -> dict[str, tuple[int, int]]:
    """Unapplied cash and account of each customer on a day; nothing is below 0 in cash."""
    cash, account = Counter[str](), Counter[str]()
    for event in books.ledger.events:
        for moved in movements(event):
            if moved.effective_on <= on:
                cash[moved.customer_id] += moved.cash_minor
                account[moved.customer_id] += moved.account_minor
    assert min(cash.values()) >= 0
    return {name: (cash[name], account[name]) for name in account}


def settled(books: Any, name: str) -> Settlement:
    return settlements([debt_of(fold_as_of(books.stream(name), TODAY))])[name]


def interest(books: Any, name: str) -> int:
    terms = books.state(INVOICE, name).terms
    return statement(settled(books, name), terms, TODAY, law_of("FR")).interest_minor


def test_the_right_customer_had_paid_in_time_and_the_wrong_one_never(two: Any) -> None:
    reassign(two)
    assert two.state(PAYMENT, "pay_1").customer_id == "cus_2"
    assert [two.state(INVOICE, name).outstanding_minor for name in ("inv_1", "inv_2")] == [12_000, 0]
    assert accounts(two) == {"cus_1": (0, 12_000), "cus_2": (0, 0)}
    assert accounts(two, day(20)) == {"cus_1": (0, 12_000), "cus_2": (0, 0)}
    assert (settled(two, "inv_2").settled_on, interest(two, "inv_2")) == (day(20), 0)
    assert settled(two, "inv_1").settled_on is None
    assert interest(two, "inv_1") > 0
    assert len({e.command_id for e in two.stream("pay_1")[2:]}) == 1


def test_it_moves_with_the_instructed_allocations_or_stays_unapplied(two: Any) -> None:
    reassign(two, allocations=(("inv_2", 5_000),))
    assert accounts(two) == {"cus_1": (0, 12_000), "cus_2": (7_000, 0)}
    events = len(two.ledger.events)
    reassign(two)
    assert len(two.ledger.events) == events


def test_cash_that_was_released_before_moves_from_then_on_and_counts_from_the_receipt(two: Any) -> None:
    two.do(payments.release, ReleasePayment("pay_1", None), today=day(15, 7))
    reassign(two)
    for n in range(1, 32):
        accounts(two, day(n, 7))
    assert accounts(two, day(10, 7)) == {"cus_1": (0, 0), "cus_2": (0, 12_000)}
    assert (settled(two, "inv_2").settled_on, interest(two, "inv_2")) == (day(20), 0)


def test_what_was_reversed_before_does_not_move(two: Any) -> None:
    two.do(reversals.reverse, ReversePayment("pay_1", day(25), "x", Money(4_000, "EUR")))
    reassign(two)
    assert accounts(two) == {"cus_1": (0, 12_000), "cus_2": (0, 4_000)}


def test_a_refunded_payment_and_a_reversed_one_stay(two: Any, make: Any) -> None:
    two.do(payments.release, ReleasePayment("pay_1", None))
    two.do(refunds.order_refund, OrderRefund("pay_1", "rfd_1", Money(1, "EUR"), "x"))
    with make.refused("payment-refunded"):
        reassign(two)
    two.do(payments.receive, make.receipt("pay_2", allocations=()))
    two.do(reversals.reverse, ReversePayment("pay_2", None, "x"))
    with make.refused("payment-reversed"):
        two.do(payments.reassign, ReassignPayment("pay_2", "cus_2", "x"))


def test_a_payer_who_is_identified_after_a_refund_has_what_is_left(issued: Any, make: Any) -> None:
    issued.do(payments.receive, make.receipt(customer_id=None, on=day(20), allocations=()))
    issued.do(refunds.order_refund, OrderRefund("pay_1", "rfd_1", Money(4_000, "EUR"), "x"))
    issued.do(payments.allocate, AllocatePayment("pay_1", (), "cus_1"))
    assert accounts(issued) == {"": (0, 0), "cus_1": (8_000, 4_000)}


def test_funds_of_the_right_customer_are_of_the_receipt_though_they_are_unapplied(two: Any) -> None:
    reassign(two, allocations=())
    (gained,) = [
        m for e in two.ledger.events for m in movements(e) if m.available_on and m.customer_id == "cus_2"
    ]
    debt = debt_of(fold_as_of(two.stream("inv_2"), TODAY))
    assert gained.available_on is not None
    found = settlements([debt], [Funds(gained.available_on, gained.cash_minor)])["inv_2"]
    assert found.settled_on == day(20)
