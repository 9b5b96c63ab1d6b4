"""Net and VAT of credit notes: at no rate more than the invoice has, and all of it once it is credited whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from encours.contracts.events.invoice import InvoiceCredited, InvoiceIssued
from encours.kernel.errors import DomainError
from encours.testing.events import credited
from encours.testing.history import folded
from invoice_svc.domain.amounts.sums import LineInput, RateAmounts
from invoice_svc.domain.customer.commands import RegisterCustomer
from invoice_svc.domain.entity.commands import RegisterEntity
from invoice_svc.domain.invoice.commands import Content, CreditInvoice, DraftInvoice, TakeOverInvoice
from invoice_svc.domain.invoice.credit.sums import left_to_credit
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices

TODAY = date(2026, 6, 30)


def at_once(draft: DraftInvoice, on: date) -> DraftInvoice:
    return replace(draft, issue=True, issued_on=on)


def line(price: str, rate: str) -> LineInput:
    return LineInput("work", "1", price, rate)


def note(name: str, amount: int | None, *lines: LineInput) -> CreditInvoice:
    return CreditInvoice("inv_1", name, TODAY, amount, "returned", lines=lines or None)


def invoiced(books: Any, *lines: LineInput) -> Any:
    """A firm that has issued one invoice."""
    books.do(entities.register, RegisterEntity("ent_1", "Ltd", "GB", "EUR", "Europe/London"))
    books.do(customers.register, RegisterCustomer("cus_1", "ent_1", "Dupont", "FR"))
    draft = DraftInvoice("inv_1", "ent_1", "cus_1", "FAC", Content(TODAY, lines))
    books.do(invoices.draft, at_once(draft, TODAY))
    return books


def sums(books: Any) -> list[tuple[int, int]]:
    return [(each.net_minor, each.vat_minor) for each in books.state(INVOICE, "inv_1").credits]


def refusal(books: Any, command: CreditInvoice) -> DomainError:
    with pytest.raises(DomainError) as refused:
        books.do(invoices.credit, command)
    return refused.value


def test_an_invoice_credited_line_by_line_gives_back_exactly_its_vat(books: Any) -> None:
    invoiced(books, *[line("10.03", "20")] * 3)
    for n in range(3):
        books.do(invoices.credit, note(f"cre_{n}", None, line("10.03", "20")))
    assert sums(books) == [(1_003, 201), (1_003, 201), (1_003, 200)]


def test_lines_whose_vat_was_rounded_up_each_time_take_no_more_vat_than_is_left(books: Any) -> None:
    invoiced(books, *[line("0.13", "20")] * 10)
    for n in range(10):
        books.do(invoices.credit, note(f"cre_{n}", None, line("0.13", "20")))
    assert sums(books) == [(13, 3)] * 8 + [(13, 2), (13, 0)]


def test_the_whole_credit_takes_what_is_left_at_each_rate_a_rebate_included(books: Any) -> None:
    invoiced(books, line("100", "0"), line("-50", "20"))
    books.do(invoices.credit, note("cre_1", None))
    assert sums(books) == [(5_000, -1_000)]


def test_lines_are_credited_at_rates_of_the_invoice_and_up_to_its_net_at_each(books: Any) -> None:
    invoiced(books, line("100", "20"), line("100", "5.5"))
    for command, pointer in (
        (note("cre_1", None, line("10", "20"), line("10", "10")), "/lines/1/vat_rate"),
        (note("cre_1", None, line("10", "5.5"), line("100.01", "20")), "/lines/1"),
        (note("cre_1", None, line("100", "20"), line("-1", "5.5")), "/lines/1"),
        (note("cre_1", None, line("1", "20"), line("-1", "20")), "/lines"),
    ):
        refused = refusal(books, command)
        assert (refused.status, refused.errors[0].pointer) == (422, pointer)
    books.do(invoices.credit, note("cre_1", None, line("10", "5.5"), line("100", "20")))
    assert left_to_credit(books.state(INVOICE, "inv_1")) == (
        RateAmounts(550, 9_000, 495),
        RateAmounts(2_000, 0, 0),
    )


def test_lines_that_leave_amounts_of_opposite_sign_behind_are_refused(books: Any) -> None:
    invoiced(books, line("100", "0"), line("-50", "20"))
    assert refusal(books, note("cre_1", None, line("40", "0"))).errors[0].pointer == "/lines"


def test_an_invoice_taken_over_is_credited_by_its_totals_as_its_rates_are_not_known(books: Any) -> None:
    invoiced(books, line("1", "20"))
    taken = TakeOverInvoice("inv_2", "cus_1", "ent_1", "OLD-1", TODAY, TODAY, "EUR", 12_000, 10_000, 2_000)
    books.do(invoices.take_over, taken)
    books.do(invoices.credit, CreditInvoice("inv_2", "cre_1", TODAY, None, "x", lines=(line("60", "20"),)))
    books.do(invoices.credit, CreditInvoice("inv_2", "cre_2", TODAY, None, "x"))
    found = books.state(INVOICE, "inv_2").credits
    assert [(each.net_minor, each.vat_minor, each.vat) for each in found] == [
        (6_000, 1_200, ()),
        (4_000, 800, ()),
    ]


def test_without_known_vat_a_credit_note_has_to_state_it_by_lines(books: Any) -> None:
    invoiced(books, line("1", "20"))
    taken = TakeOverInvoice("inv_2", "cus_1", "ent_1", "OLD-1", TODAY, TODAY, "EUR", 12_000, None, None)
    books.do(invoices.take_over, taken)
    for amount in (None, 6_000):
        refused = refusal(books, CreditInvoice("inv_2", "cre_1", TODAY, amount, "x"))
        assert (refused.code, refused.status) == ("vat-unknown", 422)
    books.do(invoices.credit, CreditInvoice("inv_2", "cre_1", TODAY, None, "x", lines=(line("60", "20"),)))
    too_much = CreditInvoice("inv_2", "cre_2", TODAY, None, "x", lines=(line("40.01", "20"),))
    assert refusal(books, too_much).code == "amount-exceeds-outstanding"
    books.do(invoices.credit, CreditInvoice("inv_2", "cre_2", TODAY, 4_800, "x", number="OLD-AV-1"))
    found = books.state(INVOICE, "inv_2")
    assert [(each.net_minor, each.vat_minor) for each in found.credits] == [(6_000, 1_200), (None, None)]
    shown = InvoiceOut.of(found, 1, TODAY)
    assert (shown["net"], shown["vat"], shown["total"]["amount"]) == (None, None, "120.00")
    assert shown["status"]["document"] == "credited"


def test_a_credit_note_of_before_that_does_not_say_its_rates_counts_on_the_totals(books: Any) -> None:
    invoiced(books, line("100", "20"), line("100", "5.5"))
    (issued,) = (e.data for e in books.stream("inv_1") if isinstance(e.data, InvoiceIssued))
    of_before = credited(10_000, vat=(), net_minor=8_869, vat_minor=1_131)
    assert left_to_credit(folded(INVOICE, issued, of_before)) == (RateAmounts(None, 11_131, 1_419),)


prices = st.integers(1, 3_000).map(lambda minor: f"{minor // 100}.{minor % 100:02d}")
rates = st.sampled_from(["0", "5.5", "20"])
lines = st.builds(line, prices, rates)
rebates = st.builds(line, st.integers(1, 50).map(lambda minor: f"-0.{minor:02d}"), rates)
notes = st.one_of(
    st.integers(1, 4_000), st.lists(st.one_of(lines, rebates), min_size=1, max_size=3), st.integers(0, 5)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(lines, min_size=1, max_size=5), st.lists(rebates, max_size=3), st.lists(notes, max_size=8))
def test_whatever_is_credited_in_whatever_order_each_rate_stays_within_the_invoice_and_ends_at_zero(
    new_books: Callable[[], Any], sold: list[LineInput], rebate: list[LineInput], wanted: list[Any]
) -> None:
    try:
        books = invoiced(new_books(), *sold, *rebate)
    except DomainError:
        return
    assume(books.state(INVOICE, "inv_1").total_minor)
    for n, each in enumerate(wanted):
        if isinstance(each, list):
            command = note(f"cre_{n}", None, *each)
        elif each <= 5:
            command = note(f"cre_{n}", None, sold[each % len(sold)])
        else:
            command = note(f"cre_{n}", each)
        with suppress(DomainError):
            books.do(invoices.credit, command)
        assert_within(books.state(INVOICE, "inv_1"))
    if books.state(INVOICE, "inv_1").outstanding_minor:
        books.do(invoices.credit, note("cre_whole", None))
    state = books.state(INVOICE, "inv_1")
    assert all((part.net_minor, part.vat_minor) == (0, 0) for part in left_to_credit(state))
    assert sum(each.net_minor for each in state.credits) == state.net_minor
    assert sum(each.vat_minor for each in state.credits) == state.vat_minor
    assert [e.data.whole for e in books.stream("inv_1") if isinstance(e.data, InvoiceCredited)][-1]


def assert_within(state: Invoice) -> None:
    for share, part in zip(state.vat, left_to_credit(state), strict=True):
        for whole, rest in ((share.net_minor, part.net_minor), (share.vat_minor, part.vat_minor)):
            assert min(0, whole) <= rest <= max(0, whole)
    for credit in state.credits:
        assert sum(each.net_minor for each in credit.vat) == credit.net_minor
        assert sum(each.vat_minor for each in credit.vat) == credit.vat_minor
