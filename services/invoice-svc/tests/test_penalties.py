"""Penalty documents: what they claim, what another claims after them, and their cancellation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.contracts.books import movements
from encours.contracts.common import Terms
from encours.contracts.settlement import Funds, InvoiceDebt, settlements
from encours.kernel.money import Money
from encours.legal.packs import law_of
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.entity.commands import DefineSeries
from invoice_svc.domain.interest.account import InterestAccount, account_of
from invoice_svc.domain.interest.debt import DebtorFile, debt_of, settled
from invoice_svc.domain.interest.penalties import CancelPenalties, ClaimPenalties, NothingToClaim
from invoice_svc.domain.interest.waiver import ReinstatePenalties, WaivePenalties
from invoice_svc.domain.invoice.commands import AmendInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice
from invoice_svc.domain.payment.commands import ReversePayment
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments, reversals
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import corrections, credits, invoices, penalties

JULY_15 = date(2025, 7, 15)


@pytest.fixture
def late(books: Any, make: Any) -> Any:
    """12,000.00 due on 31 March 2025, and a series of penalty documents."""
    return new_late(books, make)


def new_late(firm: Any, make: Any) -> Any:
    firm.do(entities.register, make.entity())
    firm.do(customers.register, make.customer())
    firm.do(
        entities.define_series,
        DefineSeries("ent_1", "PEN", "penalty_document", "PEN-{year}-", 4),
        firm.ledger.has_given_numbers,
    )
    terms = Terms(due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4_000)
    draft = make.draft(amount="10000.00", terms=terms)
    firm.do(invoices.draft, make.at_once(draft, date(2025, 3, 1)), today=date(2025, 3, 1))
    return firm


def claim(
    books: Any, until: date, name: str = "inv_p1", *, cash: tuple[str, ...] = (), **changes: Any
) -> Any:
    command = ClaimPenalties(name, "ent_1", "cus_1", until=until, **changes)
    books.do(penalties.claim, command, DebtorFile(("inv_1",), cash))
    return books.state(INVOICE, name)


def cancel(books: Any, name: str = "inv_p1", note: str = "cre_p1") -> None:
    books.do(penalties.cancel, CancelPenalties(name, note, "paid before"))


def account(books: Any, on: date, *cash: Funds) -> InterestAccount:
    state = books.state(INVOICE, "inv_1")
    return account_of(state, settlements([debt_of(state)], cash)["inv_1"], on, law_of("FR"))


def test_a_document_claims_the_worked_figure_of_the_law_in_its_own_series(late: Any) -> None:
    document = claim(late, JULY_15)
    assert (document.number, document.total_minor, document.purpose) == ("PEN-2026-0001", 49_334, "penalty")
    (part,) = document.penalises
    assert [(each.rate_bps, each.interest_minor) for each in part.segments] == [(1315, 39_342), (1215, 5_992)]
    assert (part.interest_minor, part.indemnity_minor, part.adjustment_minor) == (45_334, 4_000, 0)
    assert late.kinds()[-2:] == ["invoice.issued", "invoice.penalties_claimed"]


def test_a_document_is_owed_without_vat_and_is_no_turnover(late: Any) -> None:
    document = claim(late, JULY_15)
    assert (document.net_minor, document.vat_minor, document.outstanding_minor) == (49_334, 0, 49_334)
    assert [(share.category, share.vat_minor) for share in document.vat] == [("O", 0)]
    assert "hors du champ" in document.particulars.exemptions[0].text
    moved = [each for e in late.ledger.events for each in movements(e) if each.invoice_id == "inv_p1"]
    assert [(each.kind, each.account_minor, each.net_minor) for each in moved] == [("penalised", 49_334, 0)]
    cancel(late)
    credited = [each for e in late.ledger.events for each in movements(e)][-1]
    assert (credited.kind, credited.account_minor, credited.net_minor) == ("penalty_credited", -49_334, 0)


def test_the_next_document_goes_on_from_the_day_after_and_the_fee_is_claimed_once(late: Any) -> None:
    claim(late, date(2025, 5, 20))
    (part,) = claim(late, JULY_15, "inv_p2").penalises
    assert [(each.first_day, each.last_day) for each in part.segments] == [
        (date(2025, 5, 21), date(2025, 6, 30)),
        (date(2025, 7, 1), JULY_15),
    ]
    assert part.indemnity_minor == 0
    assert account(late, JULY_15).claimed.total_minor == 49_334


def test_nothing_is_claimed_twice(late: Any, make: Any) -> None:
    claim(late, JULY_15)
    with make.refused("nothing-to-claim"):
        claim(late, JULY_15, "inv_p2")


def test_interest_bears_no_interest(late: Any, make: Any) -> None:
    claim(late, JULY_15)
    with make.refused("nothing-to-claim"):
        late.do(
            penalties.claim,
            ClaimPenalties("inv_p2", "ent_1", "cus_1", until=date(2025, 7, 15)),
            DebtorFile(("inv_1", "inv_p1")),
        )


def test_a_payment_that_came_to_be_known_later_makes_a_claim_too_high_and_a_cancellation_frees_its_days(
    late: Any, make: Any
) -> None:
    claim(late, JULY_15)
    assert account(late, JULY_15).over_claimed.total_minor == 0
    late.do(payments.receive, make.receipt(amount=1_200_000, on=date(2025, 5, 15)), ("inv_1",))
    found = account(late, date(2026, 6, 30))
    assert (found.over_claimed.interest_minor, found.to_claim.total_minor) == (45_334 - 19_455, 0)
    cancel(late)
    assert account(late, JULY_15).claimed.total_minor == 0
    assert claim(late, JULY_15, "inv_p2").total_minor == 19_455 + 4_000


def test_a_returned_payment_is_claimed_by_the_next_document_as_a_correction(late: Any, make: Any) -> None:
    late.do(payments.receive, make.receipt(amount=1_200_000, on=date(2025, 5, 15)), ("inv_1",))
    claim(late, JULY_15)
    late.do(reversals.reverse, ReversePayment("pay_1", date(2026, 6, 30), "returned"))
    (part,) = claim(late, JULY_15, "inv_p2").penalises
    assert part.interest_minor == 45_334 - 19_455
    assert account(late, JULY_15).claimed.total_minor == 49_334


def test_money_that_the_creditor_held_lowers_the_claim(late: Any, make: Any) -> None:
    late.do(payments.receive, make.receipt(amount=1_200_000, on=date(2025, 5, 15), allocations=()))
    assert claim(late, JULY_15, cash=("pay_1",)).total_minor == 19_455 + 4_000


def test_money_above_a_cancelled_document_is_the_customers(late: Any, make: Any) -> None:
    claim(late, JULY_15)
    late.do(payments.receive, make.receipt(amount=49_334), ("inv_p1",))
    cancel(late)
    assert late.state(PAYMENT, "pay_1").unapplied_minor == 49_334
    with make.refused("penalty-document-cancelled"):
        cancel(late, note="cre_p2")


@pytest.mark.parametrize("until", [date(2026, 7, 1), date(2027, 1, 1)])
def test_no_day_after_the_document_is_claimed(late: Any, make: Any, until: date) -> None:
    with make.refused("date-in-future"):
        claim(late, until)


def test_a_rate_that_is_not_on_file_is_refused_by_name(late: Any, make: Any) -> None:
    command = ClaimPenalties("inv_p1", "ent_1", "cus_1", until=date(2040, 2, 1))
    with make.refused("rate-not-published"):
        late.do(penalties.claim, command, DebtorFile(("inv_1",)), today=date(2040, 3, 1))


def test_an_invoice_of_another_customer_is_named(late: Any, make: Any) -> None:
    with make.refused("invalid-request"):
        claim(late, JULY_15, invoice_ids=("inv_9",))


def test_a_document_needs_a_series_of_its_own(late: Any, make: Any) -> None:
    with make.refused("series-not-defined"):
        claim(late, JULY_15, series="FAC")


def correct(books: Any) -> None:
    books.do(corrections.correct, CorrectInvoice("inv_p1", "wrong", AmendInvoice("")))


def rebate(books: Any) -> None:
    lines = (LineInput("rebate", "1", "10.00", "0", vat_category="O"),)
    note = IssueCreditNote("cre_9", "pay_9", "ent_1", "cus_1", lines, "rebate", invoice_ids=("inv_p1",))
    books.do(credits.issue, note)


@pytest.mark.parametrize("act", [correct, rebate])
def test_a_document_is_neither_corrected_nor_cited_by_a_rebate(
    late: Any, make: Any, act: Callable[[Any], None]
) -> None:
    claim(late, JULY_15)
    with make.refused("penalty-document"):
        act(late)


def test_an_ordinary_invoice_is_no_penalty_document(late: Any, make: Any) -> None:
    with make.refused("penalty-document-not-found"):
        cancel(late, "inv_1")


def waive(books: Any, what: Any = "all", amount: int | None = None, name: str = "wvr_1") -> None:
    part = None if amount is None else Money(amount, "EUR")
    command = WaivePenalties("inv_1", name, "first delay", what, part, JULY_15)
    books.do(penalties.waive, command, DebtorFile(("inv_1",)))


@pytest.mark.parametrize(
    ("what", "amount", "left"),
    [("all", None, 0), ("indemnity", None, 45_334), ("interest", None, 4_000), ("interest", 5_000, 44_334)],
)
def test_what_is_waived_is_not_claimed_and_a_reinstatement_brings_it_back(
    late: Any, make: Any, what: str, amount: int | None, left: int
) -> None:
    waive(late, what, amount)
    found = account(late, JULY_15)
    assert (found.to_claim.total_minor, found.waived.total_minor) == (left, 49_334 - left)
    assert found.due.interest_minor + found.due.indemnity_minor == 49_334
    late.do(penalties.reinstate, ReinstatePenalties("inv_1", "promise broken"))
    assert claim(late, JULY_15).total_minor == 49_334
    with make.refused("nothing-waived"):
        late.do(penalties.reinstate, ReinstatePenalties("inv_1", "again", "wvr_1"))


def test_a_document_claims_the_rest_of_what_was_waived_in_part(late: Any) -> None:
    waive(late, "interest", 5_000)
    (part,) = claim(late, JULY_15).penalises
    assert (part.interest_minor, part.adjustment_minor, part.indemnity_minor) == (40_334, -5_000, 4_000)


def test_interest_of_days_after_a_waiver_is_claimed(late: Any) -> None:
    waive(late)
    assert claim(late, date(2025, 7, 25)).total_minor == account(late, date(2025, 7, 25)).claimed.total_minor
    assert account(late, date(2025, 7, 25)).claimed.indemnity_minor == 0


@pytest.mark.parametrize("amount", [45_335, 0])
def test_no_more_is_waived_than_is_left_to_claim(late: Any, make: Any, amount: int) -> None:
    with make.refused("nothing-to-waive" if amount else "invalid-request"):
        waive(late, "interest", amount)


def test_what_a_document_claims_is_not_waived(late: Any, make: Any) -> None:
    claim(late, JULY_15)
    with make.refused("nothing-to-waive"):
        waive(late)


def test_a_draft_has_no_penalties_to_waive(firm: Any, make: Any) -> None:
    firm.do(invoices.draft, make.draft())
    with make.refused("invoice-not-issued"):
        waive(firm)


@given(days=st.lists(st.integers(0, 450), min_size=1, max_size=6), paid=st.integers(1, 450))
def test_the_documents_of_any_division_of_the_days_claim_in_all_what_one_claims(
    new_books: Any, make: Any, days: list[int], paid: int
) -> None:
    books = new_late(new_books(), make)
    books.do(
        payments.receive, make.receipt(amount=700_000, on=date(2025, 3, 31) + timedelta(paid)), ("inv_1",)
    )
    last = date(2025, 3, 31) + timedelta(max(days))
    due = account(books, last).to_claim
    for n, offset in enumerate(sorted(days)):
        with contextlib.suppress(NothingToClaim):
            claim(books, date(2025, 3, 31) + timedelta(offset), f"inv_p{n}")
    found = account(books, last)
    assert found.claimed == due
    assert (found.to_claim.total_minor, found.over_claimed.total_minor) == (0, 0)
    covered = books.state(INVOICE, "inv_1").penalty_claims
    assert all(before.last_day < after.first_day for before, after in pairwise(covered))


def test_each_cent_of_unapplied_cash_covers_one_of_the_invoices_that_were_settled_late() -> None:
    due, held, paid = date(2025, 3, 31), Funds(date(2025, 3, 1), 100), Funds(date(2025, 5, 31), 100)
    debts = [InvoiceDebt(name, due, 100, applied=(paid,)) for name in ("inv_1", "inv_2")]
    found = settled(debts, [held])
    late = {name: [leg.amount_minor for leg in each.late_legs(JULY_15)] for name, each in found.items()}
    assert late == {"inv_1": [], "inv_2": [100]}
    assert all(list(each.late_legs(JULY_15)) for each in settled(debts, []).values())
