"""Residual differences: what tolerances close of a paid invoice, by reason and cap, and what takes it back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.books import movements
from encours.contracts.common import EarlyDiscount, Terms
from encours.contracts.settlement import settlements
from encours.kernel.money import Money
from invoice_svc.domain.dispute.commands import ResolveDispute
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.invoice.commands import AmendInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.domain.payment.commands import (
    AllocatePayment,
    Instruction,
    ReleasePayment,
    ReversePayment,
)
from invoice_svc.domain.payment.refund import OrderRefund
from invoice_svc.domain.payment.state import fold_as_of as fold_payment
from invoice_svc.domain.tolerance.commands import SetTolerance
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.http.payments.answers import PaymentOut
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import claims, payments, refunds, reversals, tolerances
from invoice_svc.use_cases.parties import customers
from invoice_svc.use_cases.sales import corrections, credits, disputes, invoices

CLOSED, REOPENED = "invoice.residual_closed", "invoice.residual_reopened"
TERMS = Terms(
    due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4_000,
    discount=EarlyDiscount(rate_bps=200, days=8),
)  # fmt: skip


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def tolerance(code: str = "CENT", cap: int = 5, reason: Any = "cent", **changes: Any) -> SetTolerance:
    values: dict[str, Any] = {"currency": "EUR", "valid_from": day(1)} | changes
    return SetTolerance("ent_1", code, reason, values.pop("currency"), cap, **values)


def allow(firm: Any, *wanted: SetTolerance) -> None:
    for each in wanted:
        firm.do(tolerances.set_tolerance, each)


def pay(firm: Any, make: Any, amount: int, on: date, name: str = "pay_1", **changes: Any) -> None:
    firm.do(payments.receive, make.receipt(name, amount, on, **changes), ("inv_1", "inv_2"))


def kinds(firm: Any, name: str = "inv_1") -> list[str]:
    return [e.type for e in firm.stream(name)][2:]


def state(firm: Any, name: str = "inv_1") -> Any:
    return firm.state(INVOICE, name)


def shown(firm: Any, name: str = "inv_1") -> tuple[int, int]:
    found = state(firm, name)
    return found.outstanding_minor, found.residual_minor


def balanced(firm: Any) -> bool:
    moved = [m for e in firm.ledger.events for m in movements(e)]
    return sum(m.item_minor - m.cash_minor - m.account_minor for m in moved) == 0


def test_nothing_is_closed_without_a_tolerance(issued: Any, make: Any) -> None:
    pay(issued, make, 11_999, day(5))
    assert (shown(issued), kinds(issued)) == ((1, 0), ["invoice.payment_applied"])


@pytest.mark.parametrize(("paid", "left"), [(11_999, 0), (11_995, 0), (11_994, 6), (1, 11_999)])
def test_what_is_left_of_a_paid_invoice_is_closed_up_to_the_cap(
    issued: Any, make: Any, paid: int, left: int
) -> None:
    allow(issued, tolerance())
    pay(issued, make, paid, day(5))
    assert state(issued).outstanding_minor == left


def test_a_closed_residual_names_its_tolerance_and_counts_as_paid_with_the_last_funds(
    issued: Any, make: Any
) -> None:
    allow(issued, tolerance(), tolerance(cap=3))
    pay(issued, make, 11_000, day(20), allocations=(("inv_1", 11_000),))
    pay(issued, make, 998, day(9), "pay_2", allocations=(("inv_1", 998),))
    event = issued.stream("inv_1")[-1]
    found = event.data
    assert (event.type, event.effective_on, found.amount_minor) == (CLOSED, day(20), 2)
    assert (found.reason, found.policy_code, found.policy_version, found.cap_minor) == ("cent", "CENT", 2, 3)
    assert (found.account, found.payment_id, found.received_on) == ("658", "pay_1", day(20))
    settled = settlements([debt_of(state(issued))])["inv_1"]
    assert (settled.owed_minor, settled.settled_on) == (12_000, day(20))
    assert balanced(issued)
    answer = InvoiceOut.of(state(issued), 1, day(21))
    assert (answer["status"]["settlement"], answer["labels"]["business"]) == ("paid", "payée")
    assert (answer["outstanding"]["amount"], answer["residual"]["amount"]) == ("0.00", "0.02")
    assert answer["residuals"][0]["policy"] == {
        "code": "CENT", "version": 2, "cap": {"amount": "0.03", "currency": "EUR"},
    }  # fmt: skip


def test_a_share_bounds_the_cap_and_is_measured_on_the_rest_not_on_the_invoice(firm: Any, make: Any) -> None:
    """A tenth of an invoice of 450.00 is 45.00; the rest of 45.00 is far above the cap, so it stays."""
    firm.do(invoices.draft, make.at_once(make.draft(amount="375.00"), day(1)))
    allow(firm, tolerance(cap=100, share_bps=1_000))
    pay(firm, make, 40_500, day(5))
    assert shown(firm) == (4_500, 0)
    firm.do(invoices.draft, make.at_once(make.draft("inv_2", amount="1.00"), day(1)))
    pay(firm, make, 107, day(5), "pay_2", allocations=(("inv_2", 107),))
    assert shown(firm, "inv_2") == (13, 0)
    pay(firm, make, 1, day(5), "pay_3", allocations=(("inv_2", 1),))
    assert shown(firm, "inv_2") == (0, 12)


@pytest.mark.parametrize("cause", ["released", "reversed"])
def test_it_goes_with_its_payment_and_is_judged_again_when_that_comes_back(
    issued: Any, make: Any, cause: str
) -> None:
    start = state(issued)
    allow(issued, tolerance())
    pay(issued, make, 11_998, day(5))
    if cause == "released":
        issued.do(payments.release, ReleasePayment("pay_1", None), today=day(20))
    else:
        issued.do(reversals.reverse, ReversePayment("pay_1", day(7), "returned"), today=day(20))
    assert kinds(issued)[-2:] == ["invoice.payment_unapplied", REOPENED]
    found = state(issued)
    assert replace(found, movements=()) == replace(start, movements=())
    assert (found.outstanding_minor, fold_as_of(issued.stream("inv_1"), day(6)).outstanding_minor) == (
        12_000,
        0,
    )
    assert balanced(issued)
    if cause == "released":
        issued.do(payments.allocate, AllocatePayment("pay_1", None), ("inv_1",), today=day(21))
    else:
        pay(issued, make, 11_998, day(21), "pay_2")
    assert shown(issued) == (0, 2)


@pytest.mark.parametrize("order", [(11_998, 2), (2, 11_998)])
def test_the_order_of_two_payments_changes_nothing(issued: Any, make: Any, order: tuple[int, int]) -> None:
    allow(issued, tolerance())
    for number, amount in enumerate(order):
        pay(issued, make, amount, day(5), f"pay_{number}", allocations=(("inv_1", amount),))
    assert (shown(issued), state(issued).paid_minor) == ((0, 0), 12_000)


def test_the_text_that_names_the_invoice_pays_its_residual(issued: Any, make: Any) -> None:
    allow(issued, tolerance())
    pay(issued, make, 11_998, day(5))
    pay(issued, make, 2, day(8), "pay_2", remittance_text="solde FAC-2026-000001")
    assert (shown(issued), state(issued).paid_minor, kinds(issued)[-2]) == ((0, 0), 12_000, REOPENED)
    pay(issued, make, 2, day(9), "pay_3")
    assert issued.state(PAYMENT, "pay_3").unapplied_minor == 2


def test_a_contested_share_is_never_closed_and_the_end_of_the_dispute_judges_again(
    issued: Any, make: Any
) -> None:
    allow(issued, tolerance())
    issued.do(claims.open_dispute, make.dispute(3), today=day(10))
    pay(issued, make, 11_996, day(12), allocations=(("inv_1", 11_996),))
    assert shown(issued) == (4, 0)
    with make.refused("residual-above-tolerance"):
        wanted = (Instruction("inv_1", 1, residual="cent"),)
        pay(issued, make, 1, day(12), "pay_2", allocations=wanted)
    issued.do(disputes.resolve, ResolveDispute("dis_1", "withdrawn", day(14)), today=day(15))
    assert (shown(issued), issued.stream("inv_1")[-1].effective_on) == ((0, 4), day(14))


def test_a_write_off_stands_in_its_way_until_it_is_reversed(issued: Any, make: Any) -> None:
    allow(issued, tolerance())
    lost = WriteOffInvoice("inv_1", Money(100, "EUR"), "x", None, day(2))
    issued.do(invoices.write_off, lost, today=day(2))
    pay(issued, make, 11_897, day(5))
    assert shown(issued) == (3, 0)
    pay(issued, make, 100, day(6), "pay_2", allocations=(("inv_1", 100),))
    assert shown(issued) == (0, 0)
    issued.do(invoices.reverse_write_off, ReverseWriteOff("inv_1", "paid"), today=day(7))
    assert shown(issued) == (0, 3)


def test_a_credit_note_takes_it_back_first_and_what_it_leaves_is_judged_again(issued: Any, make: Any) -> None:
    allow(issued, tolerance())
    pay(issued, make, 11_997, day(5))
    issued.do(invoices.credit, make.credit(2, day(10)), today=day(10))
    assert shown(issued) == (0, 1)
    issued.do(invoices.credit, make.credit(1_200, day(11), "cre_2"), today=day(11))
    assert (shown(issued), issued.state(PAYMENT, "pay_1").unapplied_minor) == ((0, 0), 1_199)
    assert balanced(issued)


def test_a_correction_moves_all_payments_before_it_judges_what_is_left(issued: Any, make: Any) -> None:
    allow(issued, tolerance(cap=200))
    pay(issued, make, 11_850, day(5), allocations=(("inv_1", 11_850),))
    pay(issued, make, 100, day(6), "pay_2", allocations=(("inv_1", 100),))
    assert shown(issued) == (0, 50)
    changes = AmendInvoice("inv_1", reference="PO 7")
    issued.do(corrections.correct, CorrectInvoice("inv_1", "order number", changes), today=day(20))
    new = next(e.stream for e in issued.ledger.events if e.type == CLOSED and e.stream != "inv_1")
    found = state(issued, new)
    assert (found.paid_minor, found.residual_minor, found.outstanding_minor) == (11_950, 50, 0)
    assert [e.type for e in issued.stream(new)].count(CLOSED) == 1


def test_two_credits_settle_one_invoice_before_the_rest_is_judged(issued: Any, make: Any) -> None:
    allow(issued, tolerance())
    issued.do(invoices.draft, make.at_once(make.draft("inv_2"), day(1)))
    pay(issued, make, 11_996, day(5), "pay_1", allocations=(("inv_1", 11_996),))
    pay(issued, make, 4, day(5), "pay_2", allocations=(("inv_1", 4),))
    issued.do(invoices.credit, make.credit(12_000, day(6), "cre_9"), today=day(6))

    async def of_credit(ledger: str, credit_note_id: str) -> str:
        return "inv_1"

    used = credits.ApplyCredit("cre_9", (("inv_2", 12_000),))
    issued.do(credits.apply, used, of_credit, today=day(7))
    assert (shown(issued, "inv_2"), kinds(issued, "inv_2")) == ((0, 0), ["invoice.payment_applied"] * 2)


@pytest.mark.parametrize(
    ("paid", "on", "facts", "reason"),
    [
        (11_760, day(14), {}, "discount_late"),
        (11_760, day(15), {}, None),
        (11_761, day(14), {}, None),
        (11_000, day(12), {"charges_minor": 1_000}, "bank_charge"),
        (11_000, day(12), {"charges_minor": 999}, None),
        (11_000, day(12), {}, None),
        (10_899, day(12), {"charges_minor": 1_500}, None),
    ],
)
def test_the_reason_follows_from_the_payment(
    firm: Any, make: Any, paid: int, on: date, facts: Any, reason: str | None
) -> None:
    allow(
        firm,
        tolerance("BANK", 1_100, "bank_charge"),
        tolerance("LATE", 500, "discount_late", late_days=5),
        tolerance(),
    )
    firm.do(invoices.draft, make.at_once(make.draft(terms=TERMS), day(1)))
    pay(firm, make, paid, on, **facts)
    found = state(firm).residual
    assert (found and found.reason) == reason
    accounts = {"discount_late": "665", "bank_charge": "627"}
    assert found is None or found.account == accounts[found.reason]


def test_a_payment_in_time_that_is_a_cent_short_of_the_price_takes_the_discount(firm: Any, make: Any) -> None:
    allow(firm, tolerance())
    firm.do(invoices.draft, make.at_once(make.draft(terms=TERMS), day(1)))
    pay(firm, make, 11_759, day(9))
    found = state(firm)
    assert (found.outstanding_minor, found.discounted_minor, found.residual_minor) == (0, 240, 1)
    firm.do(reversals.reverse, ReversePayment("pay_1", day(10), "returned"), today=day(20))
    assert state(firm).outstanding_minor == 12_000


def test_charges_of_a_payment_from_abroad_are_closed_without_a_statement_of_the_bank(
    firm: Any, make: Any
) -> None:
    firm.do(customers.register, make.customer("cus_2", country="CH"))
    firm.do(invoices.draft, make.at_once(make.draft(customer_id="cus_2"), day(1)))
    allow(firm, tolerance("BANK", 1_500, "bank_charge"))
    pay(firm, make, 10_500, day(5), customer_id="cus_2")
    assert shown(firm) == (0, 1_500)


def test_the_residuals_of_one_payment_are_together_at_most_the_charges_of_the_bank(
    issued: Any, make: Any
) -> None:
    issued.do(invoices.draft, make.at_once(make.draft("inv_2"), day(1)))
    allow(issued, tolerance("BANK", 1_500, "bank_charge"))
    shares = (("inv_1", 11_200), ("inv_2", 11_200))
    pay(issued, make, 22_400, day(5), charges_minor=1_000, allocations=shares)
    assert (shown(issued), shown(issued, "inv_2")) == ((0, 800), (800, 0))


def test_a_user_gives_the_reason_and_is_told_what_is_allowed(issued: Any, make: Any) -> None:
    allow(issued, tolerance("BANK", 1_500, "bank_charge"))
    asked = (Instruction("inv_1", 10_000, residual="bank_charge"),)
    with make.refused("residual-above-tolerance") as _:
        pay(issued, make, 10_000, day(5), allocations=asked)
    with make.refused("residual-above-tolerance"):
        pay(issued, make, 11_900, day(5), allocations=(Instruction("inv_1", 11_900, residual="exchange"),))
    pay(issued, make, 10_500, day(5), allocations=(Instruction("inv_1", 10_500, residual="bank_charge"),))
    assert (shown(issued), state(issued).residual.instructed) == ((0, 1_500), True)
    issued.do(invoices.credit, make.credit(600, day(10)), today=day(10))
    assert (shown(issued), state(issued).residual.reason) == ((0, 900), "bank_charge")


def test_a_tolerance_of_the_customer_counts_before_those_of_tag_segment_and_entity(
    firm: Any, make: Any
) -> None:
    allow(
        firm,
        tolerance("ALL", 10),
        tolerance("SEGMENT", 20, segment="public"),
        tolerance("TAG-A", 40, tag="key"),
        tolerance("TAG-B", 30, tag="old"),
        tolerance("OWN", 0, customer_id="cus_1"),
        tolerance("DOLLAR", 900, currency="USD"),
    )
    firm.do(customers.register, make.customer("cus_2", segment="public"))
    firm.do(customers.register, make.customer("cus_3", segment="public", tags=("key", "old")))
    firm.do(customers.register, make.customer("cus_4"))
    found = {}
    for number in range(1, 5):
        for left in (1, 10, 20, 30, 40):
            name, payer = f"inv_{number}_{left}", f"cus_{number}"
            firm.do(invoices.draft, make.at_once(make.draft(name, customer_id=payer), day(1)))
            amount = 12_000 - left
            pay(
                firm, make, amount, day(5), f"pay_{number}_{left}",
                customer_id=payer, allocations=((name, amount),),
            )  # fmt: skip
            if shown(firm, name) == (0, left):
                found[payer] = left
    assert found == {"cus_2": 20, "cus_3": 30, "cus_4": 10}


def test_a_tolerance_counts_from_its_day_in_its_version_and_ends_with_a_cap_of_0(
    firm: Any, make: Any
) -> None:
    allow(firm, tolerance(valid_from=day(3)), tolerance(cap=0, valid_from=day(10)))
    for number, on in enumerate((2, 3, 9, 10)):
        name = f"inv_{number}"
        firm.do(invoices.draft, make.at_once(make.draft(name), day(1)))
        pay(firm, make, 11_998, day(on), f"pay_{number}", allocations=((name, 11_998),))
    assert [shown(firm, f"inv_{n}")[1] for n in range(4)] == [0, 2, 2, 0]


def test_a_tolerance_is_set_once_and_keeps_its_reason_currency_and_scope(firm: Any, make: Any) -> None:
    allow(firm, tolerance())
    before = len(firm.ledger.events)
    allow(firm, tolerance())
    assert len(firm.ledger.events) == before
    for wrong in (tolerance(reason="exchange"), tolerance(currency="USD"), tolerance(tag="key")):
        with make.refused("tolerance-fixed"):
            allow(firm, wrong)
    for wrong in (
        tolerance("NEW", tag="key", segment="public"),
        tolerance("NEW", late_days=5),
        tolerance("NEW", reason="discount_late"),
        tolerance("NEW", reason="bank_charge", overpayment="income"),
    ):
        with make.refused("invalid-request"):
            allow(firm, wrong)


def cash(firm: Any, name: str = "pay_1") -> tuple[int, int]:
    found = firm.state(PAYMENT, name)
    return found.unapplied_minor, found.overpaid_minor


@pytest.mark.parametrize(
    ("use", "paid", "expected"),
    [("unapplied", 12_002, (2, 0)), ("income", 12_002, (0, 2)), ("income", 12_006, (6, 0))],
)
def test_a_cent_too_much_becomes_income_only_where_the_tolerance_says_so(
    issued: Any, make: Any, use: Any, paid: int, expected: tuple[int, int]
) -> None:
    allow(issued, tolerance(overpayment=use))
    pay(issued, make, paid, day(5))
    assert cash(issued) == expected
    assert balanced(issued)
    account = sum(m.account_minor for e in issued.ledger.events for m in movements(e))
    assert account == -expected[0]
    answer = PaymentOut.of(issued.state(PAYMENT, "pay_1"), 1, day(6))
    assert [each["account"] for each in answer["residuals"]] == ["758"] * (expected[1] > 0)


def test_an_overpayment_waits_for_an_invoice_that_its_payment_has_not_settled(issued: Any, make: Any) -> None:
    allow(issued, tolerance(overpayment="income"))
    pay(issued, make, 11_000, day(5), allocations=(("inv_1", 10_996),))
    assert cash(issued) == (4, 0)
    pay(issued, make, 1_004, day(6), "pay_2", allocations=(("inv_1", 1_004),))
    assert (shown(issued), cash(issued)) == ((0, 0), (4, 0))


@pytest.mark.parametrize("act", ["release", "reverse", "part", "refund", "allocate", "credit"])
def test_an_overpayment_returns_to_the_customer_whatever_happens_to_its_payment(
    issued: Any, make: Any, act: str
) -> None:
    allow(issued, tolerance(overpayment="income"))
    pay(issued, make, 12_003, day(5))
    issued.do(invoices.draft, make.at_once(make.draft("inv_2"), day(6)))
    work: tuple[Any, ...] = {
        "release": (payments.release, ReleasePayment("pay_1", None)),
        "reverse": (reversals.reverse, ReversePayment("pay_1", day(4) + timedelta(1), "returned")),
        "part": (reversals.reverse, ReversePayment("pay_1", day(8), "x", amount=Money(2, "EUR"))),
        "refund": (refunds.order_refund, OrderRefund("pay_1", "rfd_1", None, "asked", on=day(8))),
        "allocate": (payments.allocate, AllocatePayment("pay_1", (("inv_2", 3),))),
        "credit": (invoices.credit, make.credit(100, day(8))),
    }[act]
    issued.do(*work, today=day(20))
    expected = {"release": (12_003, 0), "part": (1, 0), "credit": (103, 0)}.get(act, (0, 0))
    assert cash(issued) == expected
    assert balanced(issued)
    for number in range(1, 21):
        assert fold_payment(issued.stream("pay_1"), day(number)).unapplied_minor >= 0


def test_unapplied_cash_is_allocated_by_age_without_the_overpayment(issued: Any, make: Any) -> None:
    allow(issued, tolerance(overpayment="income"))
    pay(issued, make, 12_003, day(5))
    issued.do(invoices.draft, make.at_once(make.draft("inv_2"), day(6)))
    before = len(issued.ledger.events)
    issued.do(payments.allocate, AllocatePayment("pay_1", None), ("inv_2",), today=day(7))
    assert (cash(issued), len(issued.ledger.events)) == ((0, 3), before)
