"""Payments that go back: in part, with the bank's reason, once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.contracts.books import movements
from encours.contracts.events.money.payment import PaymentReversed
from encours.kernel.money import Money
from encours.legal.returns import return_reason
from encours.reading.summary import summary
from encours.testing.events import event
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.payment.commands import AllocatePayment, ReleasePayment, ReversePayment
from invoice_svc.domain.payment.refund import OrderRefund, RecordRefundReturned
from invoice_svc.domain.payment.state import fold_as_of as payment_as_of
from invoice_svc.http.payments.answers import PaymentOut
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import claims, payments, refunds, reversals
from invoice_svc.use_cases.sales import invoices

TODAY = date(2026, 6, 30)


def day(number: int) -> date:
    return date(2026, 6, number)


def part(amount: int, on: int = 20, **more: Any) -> ReversePayment:
    return ReversePayment("pay_1", day(on), "disputed", Money(amount, "EUR"), **more)


def outstanding(books: Any, name: str, on: date = TODAY) -> int:
    return int(fold_as_of(books.stream(name), on).outstanding_minor)


@pytest.fixture
def paid(issued: Any, make: Any) -> Any:
    """Two invoices of 120.00, and 260.00 received on 10 June: 20.00 of it is unapplied."""
    issued.do(invoices.draft, make.at_once(make.draft("inv_2"), day(2)))
    both = (("inv_1", 12_000), ("inv_2", 12_000))
    issued.do(payments.receive, make.receipt(amount=26_000, on=day(10), allocations=both))
    return issued


def balanced(books: Any) -> bool:
    booked = [moved for e in books.ledger.events for moved in movements(e)]
    return sum(m.item_minor - m.cash_minor - m.account_minor for m in booked) == 0


def test_a_part_takes_unapplied_cash_then_the_latest_allocations_and_the_rest_stays(paid: Any) -> None:
    paid.do(reversals.reverse, part(7_000))
    state = paid.state(PAYMENT, "pay_1")
    assert (state.reversed_minor, state.left_minor, state.unapplied_minor) == (7_000, 19_000, 0)
    assert [outstanding(paid, name) for name in ("inv_1", "inv_2")] == [0, 5_000]
    assert [outstanding(paid, "inv_2", day(n)) for n in (9, 10, 19, 20)] == [12_000, 0, 0, 5_000]
    assert state.reversed_on is None
    assert balanced(paid)


def test_a_part_takes_first_what_the_caller_names(paid: Any) -> None:
    first = paid.state(PAYMENT, "pay_1").allocations[0].allocation
    paid.do(reversals.reverse, part(15_000, allocation_ids=(first.allocation_id,)))
    assert [outstanding(paid, name) for name in ("inv_1", "inv_2")] == [12_000, 1_000]
    assert paid.state(PAYMENT, "pay_1").unapplied_minor == 0


def test_a_part_takes_first_what_lies_on_a_disputed_invoice(issued: Any, make: Any) -> None:
    issued.do(invoices.draft, make.at_once(make.draft("inv_2"), day(2)))
    issued.do(claims.open_dispute, make.dispute(2_000))
    both = (("inv_1", 10_000), ("inv_2", 12_000))
    issued.do(payments.receive, make.receipt(amount=26_000, on=day(10), allocations=both))
    issued.do(reversals.reverse, part(3_000, kind="chargeback"))
    assert [outstanding(issued, name) for name in ("inv_1", "inv_2")] == [5_000, 0]
    assert issued.state(PAYMENT, "pay_1").unapplied_minor == 4_000


def test_parts_and_then_the_rest_reverse_the_whole_payment(paid: Any, make: Any) -> None:
    paid.do(reversals.reverse, part(7_000))
    paid.do(reversals.reverse, part(1_000, 21))
    paid.do(reversals.reverse, ReversePayment("pay_1", day(25), "recall"))
    state = paid.state(PAYMENT, "pay_1")
    assert [each.amount_minor for each in state.reversals] == [7_000, 1_000, 18_000]
    assert [each.event.left_minor for each in state.reversals] == [19_000, 18_000, 0]
    assert (state.reversed_on, state.unapplied_minor) == (day(25), 0)
    assert [outstanding(paid, name) for name in ("inv_1", "inv_2")] == [12_000, 12_000]
    with make.refused("payment-already-reversed"):
        paid.do(reversals.reverse, part(1))


def test_a_part_is_at_most_what_is_left_after_refunds_and_reversals(paid: Any, make: Any) -> None:
    paid.do(refunds.order_refund, OrderRefund("pay_1", "rfd_1", Money(2_000, "EUR"), "x", on=day(12)))
    with make.refused("amount-exceeds-payment"):
        paid.do(reversals.reverse, part(24_001))
    with make.refused("payment-refunded"):
        paid.do(reversals.reverse, ReversePayment("pay_1", day(20), "recall"))
    for wrong in (Money(1, "USD"), Money(0, "EUR")):
        with make.refused("currency-mismatch" if wrong.currency == "USD" else "invalid-request"):
            paid.do(reversals.reverse, ReversePayment("pay_1", day(20), "x", wrong))
    paid.do(reversals.reverse, part(24_000))
    assert paid.state(PAYMENT, "pay_1").left_minor == 0


def test_a_reversal_that_is_delivered_again_is_answered_as_the_first(paid: Any, make: Any) -> None:
    paid.do(reversals.reverse, part(7_000, reference="CB-1"))
    events = len(paid.ledger.events)
    paid.do(reversals.reverse, part(7_000, 21, reference="CB-1"))
    assert len(paid.ledger.events) == events
    for again in (part(6_000, reference="CB-1"), part(7_000)):
        with make.refused("reversal-repeated"):
            paid.do(reversals.reverse, again)
    paid.do(reversals.reverse, part(7_000, reference="CB-2"))
    assert paid.state(PAYMENT, "pay_1").reversed_minor == 14_000


def test_a_refund_that_came_back_is_reversed_no_earlier_than_it_was_back(issued: Any, make: Any) -> None:
    issued.do(payments.receive, make.receipt(on=day(1), allocations=()))
    issued.do(refunds.order_refund, OrderRefund("pay_1", "rfd_1", None, "x", on=day(3)))
    issued.do(refunds.record_refund_returned, RecordRefundReturned("pay_1", "rfd_1", "AC04", day(10)))
    issued.do(reversals.reverse, ReversePayment("pay_1", day(5), "recall"))
    held = [payment_as_of(issued.stream("pay_1"), day(n)).unapplied_minor for n in (2, 4, 6, 9, 10)]
    assert held == [12_000, 0, 0, 0, 0]


def test_what_stays_of_an_allocation_can_be_released_and_allocated_again(paid: Any) -> None:
    paid.do(reversals.reverse, part(7_000))
    paid.do(payments.release, ReleasePayment("pay_1", None))
    paid.do(payments.allocate, AllocatePayment("pay_1", (("inv_1", 7_000), ("inv_2", 12_000))))
    assert [outstanding(paid, name) for name in ("inv_1", "inv_2")] == [5_000, 0]
    assert paid.state(INVOICE, "inv_1").paid_minor == 7_000


@pytest.mark.parametrize(
    ("code", "on", "consequence", "may_retry", "claim_until", "in_time"),
    [
        ("AM04", 20, "insufficient_funds", True, None, None),
        ("AC04", 20, "account_closed", False, None, None),
        ("MD06", 20, "debtor_claim", False, date(2026, 8, 5), True),
        ("MD01", 20, "mandate_void", False, date(2027, 7, 10), True),
        ("ZZ99", 20, None, None, None, None),
    ],
)
def test_the_bank_s_reason_is_kept_with_its_consequence(
    paid: Any, code: str, on: int, consequence: Any, may_retry: Any, claim_until: Any, in_time: Any
) -> None:
    paid.do(
        reversals.reverse, ReversePayment("pay_1", day(on), code, kind="returned_debit", return_code=code)
    )
    shown = PaymentOut.of(paid.state(PAYMENT, "pay_1"), 1, TODAY)["reversals"][0]
    assert (shown["consequence"], shown["may_retry"], shown["in_time"]) == (consequence, may_retry, in_time)
    assert shown["claim_until"] == (claim_until and claim_until.isoformat())


def test_the_text_of_a_reversal_tells_part_reason_and_the_debtor_s_time() -> None:
    late = event(
        PaymentReversed, amount_minor=700, left_minor=300, cause="refund claim", return_code="MD06",
        consequence="debtor_claim", claim_until=day(10), reversed_on=day(11),
    )  # fmt: skip
    assert summary(late, "en") == (
        "7.00\u00a0EUR of a payment reversed, 3.00\u00a0EUR of it kept: refund claim (MD06: debtor claim), "
        "after the debtor's time"
    )
    whole = event(PaymentReversed, amount_minor=700, cause="sans provision", return_code="AM04",
                  consequence="insufficient_funds")  # fmt: skip
    assert summary(whole, "fr") == (
        "Paiement de 7,00\u00a0EUR annulé : sans provision (AM04: provision insuffisante)"
    )


def test_the_table_has_the_codes_of_sepa_with_their_source() -> None:
    codes = (
        *(
            "AC01",
            "AC04",
            "AC06",
            "AG01",
            "AG02",
            "AM04",
            "AM05",
            "CNOR",
            "DNOR",
            "FF05",
            "FOCR",
            "MD01",
            "MD02",
        ),
        *("MD06", "MD07", "MS02", "MS03", "RC01", "SL01"),
    )
    found = [return_reason(code, TODAY) for code in codes]
    assert all(reason is not None and reason.source and reason.en and reason.fr for reason in found)
    assert return_reason("md06 ", TODAY) is not None
    assert return_reason("AM04", date(2009, 11, 1)) is None
    assert return_reason(None, TODAY) is None
