"""Deductions: what the debtor has kept stays owed; an invalid one is recovered by money that comes afterwards."""

from __future__ import annotations

from datetime import date
from typing import Any

from encours.kernel.money import Money
from invoice_svc.domain.dispute.commands import OpenDispute, ResolveDispute
from invoice_svc.domain.dispute.recovery import recovered
from invoice_svc.domain.payment.commands import AllocatePayment, ReleasePayment, ReversePayment
from invoice_svc.use_cases.folds import DISPUTE, INVOICE
from invoice_svc.use_cases.money import claims, payments, reversals
from invoice_svc.use_cases.sales import disputes, invoices

TODAY = date(2026, 6, 30)
BOTH = ("dis_1", "dis_2")


def deducted(books: Any, amount: int, name: str = "dis_1", payment: str | None = None) -> None:
    books.do(
        claims.open_dispute,
        OpenDispute(
            name, "inv_1", "price", amount, "short paid", None, None,
            kind="deduction", code="PR-04", payment_id=payment,
        ),
    )  # fmt: skip


def paid(books: Any, make: Any, amount: int, name: str = "pay_1") -> None:
    books.do(payments.receive, make.receipt(name, amount, allocations=(("inv_1", amount),)))


def ended(books: Any, outcome: Any, name: str = "dis_1") -> None:
    books.do(disputes.resolve, ResolveDispute(name, outcome, None))


def found(books: Any, *names: str) -> dict[str, int]:
    return recovered(books.stream("inv_1"), TODAY, names or BOTH)


def test_a_deduction_names_the_payment_that_was_made_short(make: Any, issued: Any) -> None:
    paid(issued, make, 10_000)
    issued.do(payments.receive, make.receipt("pay_2", 500, allocations=()))
    with make.refused("invalid-request"):
        deducted(issued, 2_000, payment="pay_2")
    deducted(issued, 2_000, payment="pay_1")
    state = issued.state(DISPUTE, "dis_1")
    assert (state.kind, state.code, state.payment_id) == ("deduction", "PR-04", "pay_1")
    assert issued.state(INVOICE, "inv_1").disputed_minor == 2_000


def test_a_rejected_deduction_is_owed_again_and_recovered_by_later_money(make: Any, issued: Any) -> None:
    paid(issued, make, 10_000)
    deducted(issued, 2_000)
    assert found(issued) == {}
    ended(issued, "rejected")
    assert found(issued) == {"dis_1": 0}, "what was paid before recovers nothing"
    paid(issued, make, 500, "pay_2")
    assert found(issued) == {"dis_1": 500}
    paid(issued, make, 1_500, "pay_3")
    assert found(issued) == {"dis_1": 2_000}
    issued.do(reversals.reverse, ReversePayment("pay_3", TODAY, "returned"))
    assert found(issued) == {"dis_1": 500}


def test_money_that_is_applied_again_is_not_new(make: Any, issued: Any) -> None:
    paid(issued, make, 10_000)
    deducted(issued, 2_000)
    ended(issued, "rejected")
    issued.do(payments.release, ReleasePayment("pay_1", None))
    issued.do(payments.allocate, AllocatePayment("pay_1", (("inv_1", 10_000),)))
    assert found(issued) == {"dis_1": 0}
    issued.do(reversals.reverse, ReversePayment("pay_1", TODAY, "part", amount=Money(1_000, "EUR")))
    paid(issued, make, 3_000, "pay_2")
    assert found(issued) == {"dis_1": 2_000}


def test_money_for_the_rest_of_the_invoice_recovers_no_deduction(make: Any, issued: Any) -> None:
    deducted(issued, 2_000)
    ended(issued, "withdrawn")
    paid(issued, make, 9_000)
    assert found(issued) == {"dis_1": 0}
    paid(issued, make, 1_500, "pay_2")
    assert found(issued) == {"dis_1": 500}


def test_a_credit_note_recovers_nothing(make: Any, issued: Any) -> None:
    paid(issued, make, 10_000)
    deducted(issued, 2_000)
    ended(issued, "rejected")
    issued.do(invoices.credit, make.credit(2_000))
    assert found(issued) == {"dis_1": 0}


def test_the_earliest_invalid_deduction_is_recovered_first(make: Any, issued: Any) -> None:
    paid(issued, make, 7_000)
    deducted(issued, 2_000)
    deducted(issued, 3_000, "dis_2")
    ended(issued, "rejected")
    paid(issued, make, 1_000, "pay_2")
    ended(issued, "rejected", "dis_2")
    paid(issued, make, 2_500, "pay_3")
    assert found(issued) == {"dis_1": 2_000, "dis_2": 1_500}
    assert found(issued, "dis_2") == {"dis_2": 1_500}


def test_a_valid_deduction_is_credited_and_needs_no_recovery(make: Any, issued: Any) -> None:
    paid(issued, make, 10_000)
    deducted(issued, 2_000)
    ended(issued, "credited")
    assert found(issued) == {}
    assert issued.state(INVOICE, "inv_1").conceded_minor == 2_000
