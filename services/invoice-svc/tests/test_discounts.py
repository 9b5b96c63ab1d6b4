"""Early-payment discount: taken by who pays the price in time, with its VAT, and by nobody else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.books import movements
from encours.contracts.common import EarlyDiscount, Terms
from encours.contracts.settlement import settlements
from encours.kernel.money import Money
from encours.legal.packs import law_of
from invoice_svc.domain.allocation_policy.policy import AllocationPolicy
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.dispute.commands import ResolveDispute
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.invoice.commands import Content, CreditInvoice
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.domain.payment.allocation import propose
from invoice_svc.domain.payment.commands import AllocatePayment, ReleasePayment, ReversePayment
from invoice_svc.domain.payment.legal_order import LegalOrder
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import claims, payments, reversals
from invoice_svc.use_cases.sales import disputes, invoices

TERMS = Terms(
    due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4_000,
    discount=EarlyDiscount(rate_bps=200, days=8),
)  # fmt: skip
TAKEN, WITHDRAWN = "invoice.discount_taken", "invoice.discount_withdrawn"


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


@pytest.fixture
def offered(firm: Any, make: Any) -> Any:
    """120.00 of 1 June, 2 % less until 9 June."""
    firm.do(invoices.draft, make.at_once(make.draft(terms=TERMS), day(1)))
    return firm


def kinds(firm: Any) -> list[str]:
    return [e.type for e in firm.stream("inv_1")][2:]


def state(firm: Any) -> Any:
    return firm.state(INVOICE, "inv_1")


def pay(firm: Any, make: Any, amount: int, on: date, name: str = "pay_1", **changes: Any) -> None:
    firm.do(payments.receive, make.receipt(name, amount, on, **changes), ("inv_1", "inv_2"))


def balanced(firm: Any) -> bool:
    moved = [m for e in firm.ledger.events for m in movements(e)]
    return sum(m.item_minor - m.cash_minor - m.account_minor for m in moved) == 0


def test_the_price_paid_in_time_settles_the_invoice_and_the_rest_was_never_owed(
    offered: Any, make: Any
) -> None:
    pay(offered, make, 11_760, day(9))
    found = state(offered)
    assert (kinds(offered), found.outstanding_minor, found.discounted_minor) == (
        ["invoice.payment_applied", TAKEN], 0, 240,
    )  # fmt: skip
    taken = offered.stream("inv_1")[-1]
    assert taken.effective_on == day(9)
    assert (taken.data.net_minor, taken.data.vat_minor) == (200, 40)
    assert [(s.rate_bps, s.net_minor, s.vat_minor) for s in taken.data.vat] == [(2_000, 200, 40)]
    assert (taken.data.payment_id, taken.data.discount_until) == ("pay_1", day(9))
    settled = settlements([debt_of(found)])["inv_1"]
    assert (settled.owed_minor, settled.settled_on) == (11_760, day(9))
    assert balanced(offered)
    shown = InvoiceOut.of(found, 1, day(10))
    assert (shown["status"]["settlement"], shown["discount"]["amount"], shown["paid"]["amount"]) == (
        "paid", "2.40", "117.60",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "on", "left"), [(11_760, day(10), 240), (11_759, day(9), 241), (11_761, day(9), 239)]
)
def test_late_or_with_another_amount_nothing_is_granted_and_the_rest_stays_open(
    offered: Any, make: Any, amount: int, on: date, left: int
) -> None:
    pay(offered, make, amount, on)
    assert (state(offered).outstanding_minor, TAKEN in kinds(offered)) == (left, False)


def test_two_payments_in_time_take_it_together_and_one_late_among_them_loses_it(
    offered: Any, make: Any
) -> None:
    pay(offered, make, 5_000, day(2))
    pay(offered, make, 6_760, day(9), "pay_2")
    assert kinds(offered)[-1] == TAKEN
    offered.do(payments.release, ReleasePayment("pay_1", None), today=day(11))
    assert state(offered).outstanding_minor == 5_240
    pay(offered, make, 5_000, day(12), "pay_3")
    assert state(offered).outstanding_minor == 240


def test_it_goes_with_the_payment_that_took_it(offered: Any, make: Any) -> None:
    pay(offered, make, 11_760, day(5))
    offered.do(reversals.reverse, ReversePayment("pay_1", day(7), "returned"), today=day(20))
    found = state(offered)
    assert kinds(offered)[-2:] == ["invoice.payment_unapplied", WITHDRAWN]
    assert (found.outstanding_minor, found.discount) == (12_000, None)
    assert offered.stream("inv_1")[-1].data.vat_minor == 40
    then = fold_as_of(offered.stream("inv_1"), day(6))
    assert (then.outstanding_minor, then.discounted_minor) == (0, 240)
    assert balanced(offered)


@pytest.mark.parametrize("cause", ["reversed", "released"])
def test_a_payment_that_goes_leaves_the_price_paid_in_time_by_the_others(
    offered: Any, make: Any, cause: str
) -> None:
    pay(offered, make, 11_760, day(5), "pay_1", allocations=(("inv_1", 11_000),))
    pay(offered, make, 240, day(6), "pay_2", allocations=(("inv_1", 240),))
    offered.do(payments.allocate, AllocatePayment("pay_1", (("inv_1", 760),)), today=day(7))
    assert (state(offered).outstanding_minor, TAKEN in kinds(offered)) == (0, False)
    if cause == "reversed":
        offered.do(reversals.reverse, ReversePayment("pay_2", day(8), "returned"), today=day(20))
    else:
        offered.do(payments.release, ReleasePayment("pay_2", None), today=day(20))
    found = state(offered)
    assert (found.outstanding_minor, found.discounted_minor, kinds(offered)[-1]) == (0, 240, TAKEN)
    assert offered.stream("inv_1")[-1].effective_on == day(8 if cause == "reversed" else 20)
    assert balanced(offered)


def test_the_end_of_a_dispute_and_a_reversed_write_off_leave_the_price_paid_in_time(
    offered: Any, make: Any
) -> None:
    offered.do(claims.open_dispute, make.dispute(100), today=day(10))
    pay(offered, make, 11_760, day(8), allocations=(("inv_1", 11_760),))
    assert state(offered).outstanding_minor == 240
    offered.do(disputes.resolve, ResolveDispute("dis_1", "withdrawn", day(11)), today=day(11))
    assert (state(offered).outstanding_minor, state(offered).discounted_minor) == (0, 240)
    offered.do(invoices.draft, make.at_once(make.draft("inv_2", terms=TERMS), day(12)))
    offered.do(
        invoices.write_off, WriteOffInvoice("inv_2", Money(240, "EUR"), "x", None, day(12)), today=day(12)
    )
    pay(offered, make, 11_760, day(13), "pay_2", allocations=(("inv_2", 11_760),))
    offered.do(invoices.reverse_write_off, ReverseWriteOff("inv_2", "mistake"), today=day(14))
    found = offered.state(INVOICE, "inv_2")
    assert (found.outstanding_minor, found.discounted_minor) == (0, 240)
    assert balanced(offered)


def test_a_credit_note_over_what_is_outstanding_credits_no_discount_that_was_taken(
    offered: Any, make: Any
) -> None:
    pay(offered, make, 11_760, day(8))
    with make.refused("nothing-outstanding"):
        offered.do(invoices.credit, make.credit())
    assert (state(offered).credited_minor, state(offered).discounted_minor) == (0, 240)


def test_a_released_payment_that_is_allocated_again_takes_it_again(offered: Any, make: Any) -> None:
    pay(offered, make, 11_760, day(5))
    offered.do(payments.release, ReleasePayment("pay_1", None), today=day(20))
    assert state(offered).outstanding_minor == 12_000
    offered.do(payments.allocate, AllocatePayment("pay_1", None), ("inv_1",), today=day(21))
    assert (state(offered).outstanding_minor, kinds(offered)[-1]) == (0, TAKEN)


@pytest.mark.parametrize(
    ("amount", "text", "left", "unapplied"),
    [
        (23_520, None, (0, 0), 0),
        (23_520, "FAC-2026-000001 FAC-2026-000002", (0, 0), 0),
        (23_760, None, (0, 0), 0),
        (15_000, "FAC-2026-000002 escompte", (8_760, 0), 0),
        (11_760, "FAC-2026-000002", (12_000, 0), 0),
        (12_000, "LEADER DISCOUNT FAC-2026-000002", (12_000, 0), 0),
    ],
)
def test_a_transfer_for_several_invoices_takes_the_discount_of_those_it_pays(
    offered: Any, make: Any, amount: int, text: str | None, left: tuple[int, int], unapplied: int
) -> None:
    offered.do(invoices.draft, make.at_once(make.draft("inv_2", terms=TERMS), day(1)))
    pay(offered, make, amount, day(8), remittance_text=text)
    found = tuple(offered.state(INVOICE, name).outstanding_minor for name in ("inv_1", "inv_2"))
    assert (found, offered.state(PAYMENT, "pay_1").unapplied_minor) == (left, unapplied)


def test_the_price_of_one_invoice_alone_names_it(firm: Any, make: Any) -> None:
    firm.do(invoices.draft, make.at_once(make.draft("inv_1", "50.00"), day(1)))
    firm.do(invoices.draft, make.at_once(make.draft("inv_2", terms=TERMS), day(1)))
    pay(firm, make, 11_760, day(8))
    (allocated,) = (e.data for e in firm.stream("pay_1") if e.type == "payment.allocated")
    assert [(a.invoice_id, a.rule) for a in allocated.allocations] == [("inv_2", "debtor_indication")]


def test_a_price_that_is_also_the_whole_of_an_older_debt_names_none(firm: Any, make: Any) -> None:
    firm.do(invoices.draft, make.at_once(make.draft("inv_1", "98.00"), day(1)))
    firm.do(invoices.draft, make.at_once(make.draft("inv_2", terms=TERMS), day(2)))
    both = [firm.state(INVOICE, name) for name in ("inv_1", "inv_2")]
    (share,) = propose(11_760, both, None, LegalOrder(day(8), AllocationPolicy(), law_of("FR"))).shares
    assert (share.invoice_id, share.rule) == ("inv_1", "oldest_due")


def test_a_contested_or_written_off_invoice_grants_nothing(offered: Any, make: Any) -> None:
    offered.do(claims.open_dispute, make.dispute(100), today=day(10))
    pay(offered, make, 11_760, day(8))
    assert state(offered).outstanding_minor == 240
    offered.do(invoices.write_off, WriteOffInvoice("inv_1", None, "x", None, day(11)), today=day(11))
    assert TAKEN not in kinds(offered)


def test_its_vat_is_split_over_the_rates_of_the_invoice(firm: Any, make: Any) -> None:
    content = Content(
        supply_on=day(1),
        lines=(LineInput("work", "1", "100.00", "20"), LineInput("book", "1", "33.33", "5.5")),
        terms=TERMS,
    )
    firm.do(invoices.draft, make.at_once(replace(make.draft(), content=content), day(1)))
    total = state(firm).total_minor
    pay(firm, make, total - round(total * 0.02), day(8))
    taken = firm.stream("inv_1")[-1].data
    assert [(s.rate_bps, s.net_minor, s.vat_minor) for s in taken.vat] == [(550, 66, 4), (2_000, 200, 40)]
    assert (taken.amount_minor, taken.net_minor, taken.vat_minor) == (310, 266, 44)


def test_a_credit_note_after_it_leaves_a_discount_on_the_rest_and_the_difference_with_the_payer(
    offered: Any, make: Any
) -> None:
    pay(offered, make, 11_760, day(5))
    offered.do(invoices.credit, CreditInvoice("inv_1", "cre_1", day(12), 1_200, "returned"), today=day(12))
    found = state(offered)
    assert (found.outstanding_minor, found.discounted_minor, found.paid_minor) == (0, 216, 10_584)
    assert offered.state(PAYMENT, "pay_1").unapplied_minor == 1_176
    offered.do(invoices.credit, CreditInvoice("inv_1", "cre_2", day(13), 10_800, "returned"), today=day(13))
    found = state(offered)
    assert (found.outstanding_minor, found.discounted_minor, found.paid_minor) == (0, 0, 0)
    assert offered.state(PAYMENT, "pay_1").unapplied_minor == 11_760
    assert balanced(offered)


@pytest.mark.parametrize(
    ("paid", "credited", "left", "discount", "unapplied"),
    [
        ((12_000,), 240, 0, 0, 240),
        ((10_584,), 1_200, 0, 216, 0),
        ((10_583,), 1_200, 217, 0, 0),
        ((11_700, 60), 120, 0, 238, 118),
    ],
)
def test_a_credit_note_counts_as_if_it_had_come_before_the_payments(
    offered: Any, make: Any, paid: tuple[int, ...], credited: int, left: int, discount: int, unapplied: int
) -> None:
    for n, amount in enumerate(paid):
        pay(offered, make, amount, day(5 + n), f"pay_{n}")
    offered.do(invoices.credit, CreditInvoice("inv_1", "cre_1", day(12), credited, "returned"), today=day(12))
    found = state(offered)
    assert (found.outstanding_minor, found.discounted_minor) == (left, discount)
    held = sum(offered.state(PAYMENT, f"pay_{n}").unapplied_minor for n in range(len(paid)))
    assert held == unapplied
    assert balanced(offered)
