"""Situations in which other systems charge for what was never late, or blame the payer for the creditor's booking."""

from __future__ import annotations

from datetime import date

import pytest

from encours.kernel.money import Money
from invoice_svc.domain.dispute.commands import OpenDispute, ResolveDispute
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.domain.payment import commands as pay
from invoice_svc.domain.tolerance.commands import SetTolerance
from invoice_svc.use_cases.money import claims, payments, reversals, tolerances
from invoice_svc.use_cases.sales import disputes, invoices
from risk_svc.domain.score.behaviour import score
from tests.law.life import DUE_ON, ISSUED_ON, TOTAL, Life

BEFORE_DUE = date(2025, 5, 6)
LATER = date(2025, 11, 20)
IN_TIME = 79
"""Score of a customer whose only invoice was paid in time."""


@pytest.fixture
def life() -> Life:
    """An invoice of 1,000.00, due on 7 May 2025."""
    return Life()


def received(life: Life, amount: int, on: date = BEFORE_DUE, *, left_unapplied: bool = False) -> None:
    life.today = max(life.today, on)
    shares = () if left_unapplied else None
    receipt = pay.ReceivePayment("pay_1", "ent_1", "cus_1", on, amount, "EUR", "transfer", allocations=shares)
    assert life.do(payments.receive, receipt, ("inv_1",))


def credited(life: Life, amount: int | None, on: date = LATER) -> None:
    life.today = max(life.today, on)
    assert life.do(invoices.credit, CreditInvoice("inv_1", "cre_1", on, amount, "returned"))


def charged(life: Life, on: date = LATER) -> tuple[int, int]:
    found = life.statement(on, on)
    return found.interest_minor, found.indemnity_minor


def scored(life: Life, on: date = LATER) -> int | None:
    value: int | None = score(life.items(on), on).value
    return value


def test_a_return_after_payment_in_time_costs_nothing_and_leaves_the_score(life: Life) -> None:
    received(life, TOTAL)
    credited(life, 12_000)
    assert (charged(life), scored(life)) == ((0, 0), IN_TIME)


def test_the_same_where_the_payment_is_released_first_and_allocated_again(life: Life) -> None:
    received(life, TOTAL)
    life.today = LATER
    assert life.do(payments.release, pay.ReleasePayment("pay_1", None))
    credited(life, 12_000)
    assert (charged(life), scored(life)) == ((0, 0), IN_TIME)
    assert life.do(payments.allocate, pay.AllocatePayment("pay_1", None), ("inv_1",))
    assert (charged(life), scored(life)) == ((0, 0), IN_TIME)


def test_an_accepted_claim_was_never_owed_before_its_credit_note_and_after(life: Life) -> None:
    claim = OpenDispute("dis_1", "inv_1", "quality", 12_000, "broken", None, ISSUED_ON)
    assert life.do(claims.open_dispute, claim)
    received(life, TOTAL - 12_000)
    life.today = LATER
    assert life.do(disputes.resolve, ResolveDispute("dis_1", "credited", LATER))
    assert (charged(life), scored(life)) == ((0, 0), IN_TIME)
    credited(life, 12_000)
    assert (charged(life), scored(life)) == ((0, 0), IN_TIME)


def test_an_invoice_credited_whole_was_never_owed_and_says_nothing_of_the_payer(life: Life) -> None:
    credited(life, None)
    assert (charged(life), scored(life)) == ((0, 0), None)


def test_money_that_lay_unapplied_since_before_the_due_date_was_there(life: Life) -> None:
    received(life, TOTAL, left_unapplied=True)
    assert (charged(life), scored(life)) == ((0, 0), IN_TIME)
    life.today = LATER
    assert life.do(payments.allocate, pay.AllocatePayment("pay_1", None), ("inv_1",))
    assert (charged(life), scored(life)) == ((0, 0), IN_TIME)
    assert life.statement(as_of=date(2025, 7, 1), on=date(2025, 7, 1)) == life.statement(
        LATER, date(2025, 7, 1)
    )


def test_an_allocation_that_is_released_and_restored_on_a_day_changes_nothing(life: Life) -> None:
    received(life, TOTAL)
    life.today = LATER
    assert life.do(payments.release, pay.ReleasePayment("pay_1", None))
    assert life.do(payments.allocate, pay.AllocatePayment("pay_1", None), ("inv_1",))
    assert (charged(life), scored(life)) == ((0, 0), IN_TIME)


def test_what_comes_after_the_due_date_is_late_whatever_else_happens(life: Life) -> None:
    received(life, TOTAL, date(2025, 5, 17), left_unapplied=True)
    credited(life, 10_000)
    interest, fee = charged(life)
    # 900.00 for 10 days at 13.15 %.
    assert ((DUE_ON - ISSUED_ON).days, interest, fee) == (30, 324, 4_000)


def test_a_payment_that_the_bank_takes_back_never_was(life: Life) -> None:
    received(life, TOTAL)
    life.today = LATER
    assert life.do(reversals.reverse, pay.ReversePayment("pay_1", date(2025, 7, 1), "unpaid cheque"))
    assert charged(life, date(2025, 6, 1)) == (0, 0)
    assert charged(life)[1] == 4_000
    assert life.statement(LATER, LATER).segments[0].first_day == date(2025, 5, 8)


def test_a_part_that_goes_back_is_owed_from_the_due_date_at_each_half_year_s_rate(life: Life) -> None:
    received(life, TOTAL)
    life.today = LATER
    part = pay.ReversePayment(
        "pay_1", date(2025, 6, 20), "disputed", Money(40_000, "EUR"), reversal_id="rvl_1"
    )
    assert life.do(reversals.reverse, part)
    segments = life.statement(LATER, date(2025, 7, 15)).segments
    assert [(s.days, s.principal_minor, s.rate_bps, s.interest_minor) for s in segments] == [
        (54, 40_000, 1_315, 778),
        (15, 40_000, 1_215, 200),
    ]
    assert life.statement(date(2025, 6, 19), date(2025, 6, 19)).segments == ()
    assert life.do(reversals.restore, pay.RestoreReversal("pay_1", "rvl_1", "another payment"))
    assert (charged(life), scored(life)) == ((0, 0), IN_TIME)


def test_a_cent_that_a_tolerance_closed_was_paid_with_the_rest(life: Life) -> None:
    assert life.do(tolerances.set_tolerance, SetTolerance("ent_1", "CENT", "cent", "EUR", 5, ISSUED_ON))
    received(life, TOTAL - 1)
    (item,) = life.items(LATER)
    assert (charged(life), scored(life)) == ((0, 0), IN_TIME)
    assert (item.open_minor, item.uncovered_minor, item.settled_on) == (0, 0, BEFORE_DUE)


def test_charges_that_a_tolerance_closed_bear_interest_until_the_payment(life: Life) -> None:
    wanted = SetTolerance("ent_1", "BANK", "bank_charge", "EUR", 1_500, ISSUED_ON)
    assert life.do(tolerances.set_tolerance, wanted)
    before = life.statement(LATER, LATER)
    life.today = LATER
    receipt = pay.ReceivePayment(
        "pay_1", "ent_1", "cus_1", LATER, TOTAL - 1_500, "EUR", "transfer", charges_minor=1_500
    )
    assert life.do(payments.receive, receipt, ("inv_1",))
    (item,) = life.items(LATER)
    assert (life.statement(LATER, LATER), item.settled_on) == (before, LATER)
