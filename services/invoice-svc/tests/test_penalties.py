"""Penalty documents: what they claim, what another claims after them, and their cancellation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from encours.contracts.books import movements
from encours.contracts.common import Terms
from encours.contracts.settlement import Funds, settlements
from encours.legal.packs import law_of
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.entity.commands import DefineSeries
from invoice_svc.domain.interest.account import InterestAccount, account_of
from invoice_svc.domain.interest.debt import DebtorFile, debt_of
from invoice_svc.domain.interest.penalties import CancelPenalties, ClaimPenalties
from invoice_svc.domain.invoice.commands import AmendInvoice
from invoice_svc.domain.invoice.correction import CorrectInvoice
from invoice_svc.domain.payment.commands import ReversePayment
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments, reversals
from invoice_svc.use_cases.parties import entities
from invoice_svc.use_cases.sales import corrections, credits, invoices, penalties

JULY_15 = date(2025, 7, 15)


@pytest.fixture
def late(firm: Any, make: Any) -> Any:
    """12,000.00 due on 31 March 2025, and a series of penalty documents."""
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
