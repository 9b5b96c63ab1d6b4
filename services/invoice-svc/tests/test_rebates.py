"""A credit note without an invoice and the invoices that it cites: no amount of them is credited twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.contracts.common import EarlyDiscount, Terms
from encours.contracts.settlement import settlements
from encours.kernel.errors import DomainError
from encours.kernel.money import Money
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.dispute.commands import ResolveDispute
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.invoice.commands import AmendInvoice, Content, CreditInvoice, TakeOverInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice, correction_id
from invoice_svc.domain.invoice.credit.sums import left_to_credit
from invoice_svc.domain.loss.decide import DeclareUnrecoverable
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import claims, payments
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import corrections, credits, disputes, invoices


def day(number: int) -> date:
    return date(2026, 6, number)


def rebate(net: str, *cited: str, name: str = "9", rate: str = "20") -> IssueCreditNote:
    return IssueCreditNote(
        f"cre_{name}", f"pay_{name}", "ent_1", "cus_1", (LineInput("Rebate", "1", net, rate),), "rebate", day(20),
        invoice_ids=cited or ("inv_1",),
    )  # fmt: skip


def test_a_second_rebate_and_a_credit_note_on_the_invoice_have_what_the_first_has_left(
    make: Any, issued: Any
) -> None:
    issued.do(credits.issue, rebate("60.00"))
    with pytest.raises(DomainError, match="more net than is left"):
        issued.do(credits.issue, rebate("40.01", name="8"))
    with pytest.raises(DomainError, match=r"have left 48\.00 EUR of FAC-2026-000001, not 48\.01 EUR"):
        issued.do(invoices.credit, make.credit(4_801))
    issued.do(credits.issue, rebate("10.00", name="8"))
    issued.do(invoices.credit, make.credit(3_600))
    state = issued.state(INVOICE, "inv_1")
    assert (state.creditable_minor, state.credited_minor, state.outstanding_minor) == (0, 3_600, 8_400)
    shown = InvoiceOut.of(state, 1, day(30))
    assert [(each["credit_note_id"], each["total"]["amount"]) for each in shown["rebates"]] == [
        ("cre_9", "72.00"), ("cre_8", "12.00"),
    ]  # fmt: skip
    with pytest.raises(DomainError):
        issued.do(credits.issue, rebate("0.01", name="7"))


def test_it_takes_of_each_cited_invoice_in_turn_what_is_left_at_the_rate(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, make.at_once(make.draft("inv_1", "100.00"), day(1)))
    lines = (LineInput("work", "1", "50", "20"), LineInput("book", "1", "30", "5.5"))
    firm.do(invoices.draft, make.at_once(make.draft("inv_2", content=Content(day(1), lines)), day(1)))
    note = rebate("130.00", "inv_1", "inv_2")
    firm.do(credits.issue, note)
    first, second = (firm.state(INVOICE, name) for name in ("inv_1", "inv_2"))
    assert (first.rebated_minor, second.rebated_minor) == (12_000, 3_600)
    assert [(part.rate_bps, part.net_minor, part.vat_minor) for part in left_to_credit(second)] == [
        (550, 3_000, 165), (2_000, 2_000, 400),
    ]  # fmt: skip
    assert firm.state(PAYMENT, "pay_9").unapplied_minor == first.rebated_minor + second.rebated_minor


def test_an_invoice_with_a_rebate_at_another_rate_gives_no_more_than_its_total(make: Any, firm: Any) -> None:
    lines = (LineInput("a", "1", "100", "0"), LineInput("b", "1", "-50", "20"))
    firm.do(invoices.draft, make.at_once(make.draft("inv_1", content=Content(day(1), lines)), day(1)))
    firm.do(invoices.draft, make.at_once(make.draft("inv_2", "100.00", "0"), day(1)))
    firm.do(
        invoices.take_over,
        TakeOverInvoice("inv_3", "cus_1", "ent_1", "OLD", day(1), day(9), "EUR", 5_000, None, None),
    )
    with pytest.raises(DomainError, match="more in total"):
        firm.do(credits.issue, rebate("190.01", "inv_3", "inv_1", "inv_2", rate="0"))
    firm.do(credits.issue, rebate("185.00", "inv_3", "inv_1", "inv_2", rate="0"))
    parts = [firm.state(INVOICE, f"inv_{n}").rebated_minor for n in (1, 2, 3)]
    assert parts == [4_000, 10_000, 4_500]
    with pytest.raises(DomainError, match="more in total"):
        firm.do(credits.issue, rebate("5.01", "inv_3", name="8", rate="0"))


def test_an_invoice_of_which_nothing_is_left_keeps_no_part(make: Any, firm: Any) -> None:
    for name in ("inv_1", "inv_2"):
        taken_over = TakeOverInvoice(name, "cus_1", "ent_1", name, day(1), day(9), "EUR", 5_000, None, None)
        firm.do(invoices.take_over, taken_over)
    firm.do(credits.issue, rebate("50.00", "inv_1", rate="0"))
    firm.do(credits.issue, rebate("50.00", "inv_1", "inv_2", name="8", rate="0"))
    parts = [[each.total_minor for each in firm.state(INVOICE, name).rebates] for name in ("inv_1", "inv_2")]
    assert parts == [[5_000], [5_000]]


def test_what_is_owed_and_its_discount_stay_and_the_relief_is_of_what_is_left(make: Any, firm: Any) -> None:
    terms = Terms(
        due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4_000,
        discount=EarlyDiscount(rate_bps=200, days=20),
    )  # fmt: skip
    for name in ("inv_1", "inv_2"):
        firm.do(invoices.draft, make.at_once(make.draft(name, terms=terms), day(1)))
        firm.do(credits.issue, rebate("90.00", name, name=name))
    firm.do(payments.receive, make.receipt(amount=11_760, on=day(20), allocations=(("inv_1", 11_760),)))
    paid = firm.state(INVOICE, "inv_1")
    assert (paid.discounted_minor, paid.outstanding_minor, paid.creditable_minor) == (240, 0, 1_200)
    assert settlements([debt_of(paid)])["inv_1"].settled_on == day(20)
    lost = DeclareUnrecoverable("inv_2", None, "closed", "certificate")
    firm.do(invoices.declare_unrecoverable, lost)
    state = firm.state(INVOICE, "inv_2")
    assert (state.unrecoverable_minor, state.relieved_minor) == (12_000, 1_200)
    assert [(part.net_minor, part.vat_minor) for part in left_to_credit(state)] == [(0, 0)]


def test_what_was_conceded_is_left_to_the_credit_note_that_answers_it(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(3_000))
    issued.do(disputes.resolve, ResolveDispute("dis_1", "credited", day(12)))
    with pytest.raises(DomainError, match="more in total"):
        issued.do(credits.issue, rebate("75.01"))
    issued.do(credits.issue, rebate("75.00"))
    issued.do(invoices.credit, make.credit(3_000))
    assert issued.state(INVOICE, "inv_1").conceded_minor == 0


def test_a_correction_credits_what_a_rebate_has_left_and_frees_the_rest_of_the_money(
    make: Any, issued: Any
) -> None:
    issued.do(payments.receive, make.receipt(on=day(5)), ("inv_1",))
    issued.do(credits.issue, rebate("30.00"))
    issued.do(corrections.correct, CorrectInvoice("inv_1", "Wrong name", AmendInvoice("inv_1")))
    old, new = issued.state(INVOICE, "inv_1"), issued.state(INVOICE, correction_id("inv_1"))
    assert (old.credited_minor, old.paid_minor, old.outstanding_minor, old.creditable_minor) == (
        8_400, 3_600, 0, 0,
    )  # fmt: skip
    assert (new.total_minor, new.paid_minor) == (12_000, 8_400)


def test_a_deposit_that_a_final_invoice_deducts_is_not_cited(make: Any, firm: Any) -> None:
    at_once = make.at_once(make.draft("inv_1", "50.00", purpose="deposit"), day(2))
    firm.do(invoices.draft, at_once)
    content = Content(day(1), (LineInput("work", "1", "200", "20"),), deposits=("inv_1",))
    firm.do(invoices.draft, make.at_once(make.draft("inv_2", content=content), day(3)))
    with pytest.raises(DomainError, match="deducted by its final invoice, FAC-2026-000002"):
        firm.do(credits.issue, rebate("50.00"))
    firm.do(credits.issue, rebate("150.00", "inv_2"))


note = st.tuples(
    st.sampled_from(["rebate", "credit", "lose"]), st.sampled_from([1, 2, 3]), st.integers(1, 9_000),
    st.sampled_from(["0", "5.5", "20"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(note, min_size=3, max_size=12))
def test_at_no_rate_are_credit_notes_and_relief_above_what_was_invoiced(
    new_books: Any, make: Any, notes: list[tuple[str, int, int, str]]
) -> None:
    firm = new_books()
    firm.do(entities.register, make.entity())
    firm.do(customers.register, make.customer())
    for n, rates in ((1, ("20", "5.5")), (2, ("20",)), (3, ("0", "20"))):
        lines = tuple(LineInput("work", "1", "33.37", rate) for rate in rates)
        firm.do(invoices.draft, make.at_once(make.draft(f"inv_{n}", content=Content(day(1), lines)), day(1)))
    totals = {n: firm.state(INVOICE, f"inv_{n}").total_minor for n in (1, 2, 3)}
    taken = dict.fromkeys(totals, 0)
    for i, (act, n, amount, rate) in enumerate(notes):
        name, text = f"inv_{n}", f"{amount // 100}.{amount % 100:02d}"
        try:
            if act == "rebate":
                firm.do(credits.issue, rebate(text, name, name=str(i), rate=rate))
                taken[n] += firm.state(PAYMENT, f"pay_{i}").amount_minor
            elif act == "credit":
                firm.do(invoices.credit, CreditInvoice(name, f"cre_{i}", day(30), amount, "x"))
                taken[n] += amount
            else:
                lost = DeclareUnrecoverable(name, Money(amount, "EUR"), "closed", "certificate")
                firm.do(invoices.declare_unrecoverable, lost)
        except DomainError:
            continue
        state = firm.state(INVOICE, name)
        assert taken[n] + state.relieved_minor <= totals[n]
        assert all(part.net_minor >= 0 and part.vat_minor >= 0 for part in left_to_credit(state))
