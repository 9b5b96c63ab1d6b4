"""Which terms an invoice is issued under, and what is said of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.base import encode
from encours.contracts.common import Address, EarlyDiscount, Terms
from encours.contracts.events.invoice import InvoiceIssued
from encours.kernel.business_days import NoBusinessCalendar
from encours.testing.events import event
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import AgreeTerms, AmendCustomer, RegisterCustomer
from invoice_svc.domain.entity.commands import AmendEntity, RegisterEntity
from invoice_svc.domain.invoice.commands import Content, DraftInvoice, IssueInvoice, TakeOverInvoice
from invoice_svc.domain.terms import ProposedTerms
from invoice_svc.use_cases.folds import CUSTOMER, INVOICE
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices


def at_once(draft: DraftInvoice, on: date) -> DraftInvoice:
    return replace(draft, issue=True, issued_on=on)


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def draft(
    name: str = "inv_1",
    amount: str = "100.00",
    currency: str | None = None,
    terms: Terms | ProposedTerms | None = None,
) -> DraftInvoice:
    content = Content(supply_on=day(1), lines=(LineInput("work", "1", amount, "20"),), terms=terms)
    return DraftInvoice(name, "ent_1", "cus_1", "FAC", content, currency)


def test_customers_of_the_story_have_no_agreement_until_one_is_made(firm: Any) -> None:
    assert firm.state(CUSTOMER, "cus_1").terms == ()


def test_terms_beyond_the_legal_ceiling_are_accepted_with_a_warning(firm: Any) -> None:
    terms = Terms(due_kind="NET", days=90, penalty_rate_bps=None, indemnity_minor=4_000)
    firm.do(customers.agree_terms, AgreeTerms("cus_1", terms, day(1)))
    assert firm.kinds(since=4) == ["customer.terms_agreed", "customer.terms_beyond_ceiling"]


def test_an_invoice_of_its_own_terms_beyond_the_ceiling_is_issued_with_a_warning(firm: Any) -> None:
    beyond, within = (
        Terms(due_kind="NET", days=days, penalty_rate_bps=None, indemnity_minor=4_000) for days in (90, 60)
    )
    firm.do(invoices.draft, draft(terms=beyond))
    firm.do(invoices.issue, IssueInvoice("inv_1", day(1)))
    assert [e.type for e in firm.stream("inv_1")] == [
        "invoice.drafted", "invoice.issued", "invoice.terms_beyond_ceiling",
    ]  # fmt: skip
    assert firm.stream("inv_1")[-1].effective_on == day(1)
    firm.do(invoices.draft, at_once(draft("inv_2", terms=within), day(1)))
    firm.do(customers.agree_terms, AgreeTerms("cus_1", beyond, day(1)))
    firm.do(invoices.draft, at_once(draft("inv_3"), day(1)))
    for name in ("inv_2", "inv_3"):
        assert [e.type for e in firm.stream(name)] == ["invoice.drafted", "invoice.issued"]


@pytest.mark.parametrize(
    ("kind", "days", "due_on"),
    [
        ("DAYS_THEN_EOM", 45, date(2026, 3, 31)),
        ("EOM_THEN_DAYS", 45, date(2026, 3, 17)),
        ("NET", 60, date(2026, 3, 21)),
    ],
)
def test_the_due_date_follows_from_the_reading_that_the_contract_picked(
    firm: Any, kind: Any, days: int, due_on: date
) -> None:
    terms = Terms(due_kind=kind, days=days, penalty_rate_bps=None, indemnity_minor=4_000)
    firm.do(customers.agree_terms, AgreeTerms("cus_1", terms, date(2026, 1, 1)))
    firm.do(invoices.draft, at_once(draft(), date(2026, 1, 20)))
    assert firm.state(INVOICE, "inv_1").due_on == due_on


def test_an_invoice_carries_the_terms_in_force_on_its_day_of_issue(firm: Any) -> None:
    for valid_from, days in ((date(2026, 1, 1), 10), (day(15), 20)):
        terms = Terms(due_kind="NET", days=days, penalty_rate_bps=None, indemnity_minor=4_000)
        firm.do(customers.agree_terms, AgreeTerms("cus_1", terms, valid_from))
    firm.do(invoices.draft, at_once(draft("inv_1"), day(14)))
    firm.do(invoices.draft, at_once(draft("inv_2"), day(15)))
    assert [firm.state(INVOICE, name).due_on for name in ("inv_1", "inv_2")] == [day(24), date(2026, 7, 5)]


def test_terms_of_the_draft_itself_go_before_the_customers_and_none_at_all_is_thirty_days(firm: Any) -> None:
    own = Terms(due_kind="NET", days=5, penalty_rate_bps=None, indemnity_minor=4_000)
    firm.do(invoices.draft, at_once(draft("inv_1", terms=own), day(1)))
    firm.do(invoices.draft, at_once(draft("inv_2"), day(1)))
    assert [firm.state(INVOICE, name).due_on for name in ("inv_1", "inv_2")] == [day(6), date(2026, 7, 1)]


def test_a_fee_agreed_in_the_entitys_currency_says_nothing_of_invoices_in_another(firm: Any) -> None:
    agreed = Terms(due_kind="NET", days=45, penalty_rate_bps=None, indemnity_minor=5_000)
    firm.do(customers.agree_terms, AgreeTerms("cus_1", agreed, date(2026, 1, 1)))
    own = Terms(due_kind="NET", days=45, penalty_rate_bps=None, indemnity_minor=900)
    firm.do(invoices.draft, at_once(draft("inv_1"), day(1)))
    firm.do(invoices.draft, at_once(draft("inv_2", currency="JPY", amount="100"), day(1)))
    firm.do(invoices.draft, at_once(draft("inv_3", currency="JPY", amount="100", terms=own), day(1)))
    taken_over = TakeOverInvoice(
        "inv_4", "cus_1", "ent_1", "OLD-4", day(1), date(2026, 7, 16), "JPY", 100, 100, 0
    )
    firm.do(invoices.take_over, taken_over)
    terms = [firm.state(INVOICE, f"inv_{n}").terms for n in (1, 2, 3, 4)]
    assert [(each.days, each.indemnity_minor) for each in terms] == [(45, 5_000), (45, 0), (45, 900), (45, 0)]


def test_an_invoice_keeps_all_conditions_of_its_day_of_issue(firm: Any) -> None:
    """30 jours fin de mois le 10; 2 % within 8 days."""
    agreed = Terms(
        due_kind="DAYS_THEN_EOM", days=30, day_of_month=10, business_day="following", calendar="TARGET",
        penalty_rate_bps=1_200, indemnity_minor=4_000, discount=EarlyDiscount(rate_bps=200, days=8),
    )  # fmt: skip
    firm.do(customers.agree_terms, AgreeTerms("cus_1", agreed, date(2026, 1, 1)))
    firm.do(invoices.draft, at_once(draft(), date(2026, 3, 2)))
    later = replace(agreed, days=60, discount=None)
    firm.do(customers.agree_terms, AgreeTerms("cus_1", later, date(2026, 1, 1)))
    found = firm.state(INVOICE, "inv_1")
    assert (found.terms, found.due_on, found.discount_until) == (agreed, date(2026, 5, 11), date(2026, 3, 10))


def test_a_discount_ends_with_the_due_date(firm: Any) -> None:
    terms = Terms(
        due_kind="NET", days=5, penalty_rate_bps=None, indemnity_minor=0,
        discount=EarlyDiscount(rate_bps=200, days=8),
    )  # fmt: skip
    firm.do(invoices.draft, at_once(draft(terms=terms), day(1)))
    assert firm.state(INVOICE, "inv_1").discount_until == day(6)


def test_a_shift_by_the_calendar_of_a_country_is_that_of_the_creditor(firm: Any) -> None:
    proposed = ProposedTerms("NET", 30, None, None, business_day="following", calendar="country")
    firm.do(customers.agree_terms, AgreeTerms("cus_1", proposed, day(1)))
    assert firm.state(CUSTOMER, "cus_1").terms[0].terms.calendar == "FR"
    with pytest.raises(NoBusinessCalendar):
        proposed.settled("EUR", "ZZ", day(1), "")


def test_terms_of_days_alone_keep_the_bytes_that_they_always_had() -> None:
    terms = Terms(due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4_000)
    stored = (
        b'"terms":{"days":30,"due_kind":"NET","indemnity_minor":4000,"penalty_rate_bps":null},"total_minor"'
    )
    issued = encode(event(InvoiceIssued, terms=terms))
    assert stored in issued
    assert b"discount" not in issued


@pytest.mark.parametrize(
    ("rate_bps", "issued_on", "floor_bps"),
    [
        (785, date(2026, 6, 1), 786),
        (786, date(2026, 6, 1), None),
        (1_475, date(2024, 9, 1), 1_476),
        (1_476, date(2024, 9, 1), None),
        (None, date(2024, 9, 1), None),
        (0, date(1999, 1, 1), None),
    ],
)
def test_a_penalty_rate_below_three_times_the_legal_rate_is_accepted_with_a_warning(
    firm: Any, rate_bps: int | None, issued_on: date, floor_bps: int | None
) -> None:
    """C. com. L441-10 II; legal rate, other cases: 2.62 % in 2026S1, 4.92 % in 2024S2. None for the default rate."""
    terms = Terms(due_kind="NET", days=30, penalty_rate_bps=rate_bps, indemnity_minor=4_000)
    firm.do(customers.agree_terms, AgreeTerms("cus_1", terms, issued_on))
    warned = [e.data for e in firm.stream("cus_1") if e.type == "customer.penalty_below_floor"]
    assert [each.floor_bps for each in warned] == ([floor_bps] if floor_bps else [])
    if issued_on.year > 2024:
        firm.do(invoices.draft, at_once(draft(terms=terms), issued_on))
        warned = [e.data for e in firm.stream("inv_1") if e.type == "invoice.penalty_below_floor"]
        assert [(each.floor_bps, each.agreed_bps) for each in warned] == (
            [(floor_bps, rate_bps)] if floor_bps else []
        )


def test_an_invoice_taken_over_is_due_by_its_own_terms_and_keeps_them(firm: Any) -> None:
    own = ProposedTerms("EOM_THEN_DAYS", 0, None, None, months=1)
    firm.do(invoices.take_over, TakeOverInvoice(
        "inv_1", "cus_1", "ent_1", "OLD-1", day(1), None, "EUR", 12_000, None, None, terms=own
    ))  # fmt: skip
    found = firm.state(INVOICE, "inv_1")
    assert (found.due_on, found.terms.months) == (date(2026, 7, 31), 1)


@pytest.mark.parametrize(("amount", "fee_minor"), [("800.00", 4_000), ("900.00", 7_000), ("9000.00", 10_000)])
@pytest.mark.parametrize("agreed", [True, False])
def test_a_fee_by_size_is_that_of_each_invoice(books: Any, amount: str, fee_minor: int, agreed: bool) -> None:
    """Ireland, SI 580/2012 reg. 9: 40, 70 above 1,000 and 100 EUR above 10,000, VAT included."""
    books.do(entities.register, RegisterEntity("ent_1", "Ltd", "IE", "EUR", "Europe/Dublin"))
    books.do(customers.register, RegisterCustomer("cus_1", "ent_1", "Dupont", "FR"))
    if agreed:
        books.do(customers.agree_terms, AgreeTerms("cus_1", ProposedTerms("NET", 45, None, None), day(1)))
    terms = ProposedTerms("NET", 20, None, None)
    address = Address(lines=("1 High Street",), postal_code="D01", city="Dublin", country="IE")
    books.do(entities.amend, AmendEntity("ent_1", address=address, vat_id="IE1234567T"))
    books.do(customers.amend, AmendCustomer("cus_1", address=address))
    for name, own in (("inv_1", None), ("inv_2", terms)):
        books.do(invoices.draft, at_once(draft(name, amount, terms=own), day(1)))
        found = books.state(INVOICE, name).terms
        assert (found.indemnity_minor, found.fee_by_law) == (fee_minor, False)


def test_warnings_follow_the_law_of_the_creditors_country(books: Any) -> None:
    low = Terms(due_kind="NET", days=90, penalty_rate_bps=1, indemnity_minor=0)
    for country, name in (("FR", "cus_1"), ("IE", "cus_2"), ("DE", "cus_3"), ("US", "cus_4")):
        books.do(entities.register, RegisterEntity(f"ent_{country}", "Ltd", country, "EUR", "Europe/Paris"))
        books.do(customers.register, RegisterCustomer(name, f"ent_{country}", "Dupont", "FR"))
        books.do(customers.agree_terms, AgreeTerms(name, low, day(1)))
    warnings = [[e.type for e in books.stream(f"cus_{n}")][2:] for n in (1, 2, 3, 4)]
    assert warnings == [
        ["customer.terms_beyond_ceiling", "customer.penalty_below_floor"], ["customer.terms_beyond_ceiling"],
        ["customer.terms_beyond_ceiling"], [],
    ]  # fmt: skip
