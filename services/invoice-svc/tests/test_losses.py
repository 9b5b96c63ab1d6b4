"""Provision, unrecoverable amount, VAT relief and the payment of what was lost."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.books import movements
from encours.contracts.common import Particulars, VatShare
from encours.contracts.events.loss import InvoiceUnrecoverable, WriteOffRecovered, WriteOffReversed
from encours.kernel.errors import DomainError
from encours.kernel.money import Money
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.invoice.commands import Content, CreditInvoice, TakeOverInvoice
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.loss.decide import DeclareUnrecoverable, ProvisionInvoice, declare_unrecoverable
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.domain.payment.commands import ReleasePayment
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments
from invoice_svc.use_cases.sales import invoices

TODAY = date(2026, 6, 30)


def day(number: int) -> date:
    return date(2026, 6, number)


def lost(
    amount: int | None = None, evidence: str | None = "certificate", **more: Any
) -> DeclareUnrecoverable:
    money = None if amount is None else Money(amount, "EUR")
    return DeclareUnrecoverable("inv_1", money, "liquidation", evidence, **more)


def written_off(amount: int | None = None, on: date | None = None) -> WriteOffInvoice:
    return WriteOffInvoice("inv_1", None if amount is None else Money(amount, "EUR"), "lost", None, on)


def provided(amount: int | None) -> ProvisionInvoice:
    return ProvisionInvoice("inv_1", None if amount is None else Money(amount, "EUR"), "safeguard")


def state(books: Any) -> Any:
    return books.state(INVOICE, "inv_1")


def moved(books: Any, book: str) -> int:
    return sum(getattr(each, book) for event in books.ledger.events for each in movements(event))


def share(net: int, vat: int, rate: int = 2_000) -> VatShare:
    return VatShare(category="S", rate_bps=rate, net_minor=net, vat_minor=vat)


def test_a_provision_is_the_net_of_what_is_outstanding_and_moves_nothing(make: Any, issued: Any) -> None:
    issued.do(invoices.provision, provided(None))
    assert (state(issued).provisioned_minor, state(issued).outstanding_minor) == (10_000, 12_000)
    issued.do(invoices.provision, provided(10_000))
    assert issued.kinds().count("invoice.provisioned") == 1
    with make.refused("amount-exceeds-outstanding"):
        issued.do(invoices.provision, provided(10_001))
    issued.do(invoices.provision, provided(0))
    assert (state(issued).provisioned_minor, moved(issued, "account_minor")) == (0, 12_000)


def test_nothing_is_provided_for_a_debt_that_was_not_there_yet(make: Any, issued: Any) -> None:
    with make.refused("invalid-request"):
        issued.do(invoices.provision, replace(provided(None), on=date(2026, 5, 31)))
    assert fold_as_of(issued.stream("inv_1"), date(2026, 5, 31)).document == "none"


@pytest.mark.parametrize(
    ("fall", "left"),
    [
        (lambda make: (payments.receive, make.receipt(on=day(10)), ("inv_1",)), "0.00"),
        (lambda make: (payments.receive, make.receipt(amount=6_000, on=day(10)), ("inv_1",)), "50.00"),
        (lambda make: (invoices.credit, make.credit(6_000, on=day(10))), "50.00"),
        (lambda make: (invoices.declare_unrecoverable, lost(6_000, on=day(10))), "50.00"),
        (lambda make: (invoices.write_off, written_off(6_000, day(10))), "50.00"),
    ],
)
def test_a_provision_is_on_no_day_shown_above_the_net_outstanding(
    make: Any, issued: Any, fall: Any, left: str
) -> None:
    issued.do(invoices.provision, replace(provided(None), on=day(5)))
    issued.do(*fall(make))
    shown = [
        InvoiceOut.of(fold_as_of(issued.stream("inv_1"), day(n)), 1, day(n))["provisioned"]["amount"]
        for n in (4, 5, 9, 10, 30)
    ]
    assert shown == ["0.00", "100.00", "100.00", left, left]


def test_nothing_is_lost_before_the_issue_whose_date_the_refusal_names(issued: Any) -> None:
    before = date(2026, 5, 31)
    for work, command in (
        (invoices.declare_unrecoverable, lost(on=before)),
        (invoices.write_off, written_off(on=before)),
    ):
        with pytest.raises(DomainError) as refused:
            issued.do(work, command)
        assert (refused.value.status, refused.value.errors[0].pointer) == (422, "/on")
        assert "2026-06-01" in refused.value.detail


def test_vat_is_relieved_on_evidence_by_rate_with_the_statement_of_the_law(make: Any, issued: Any) -> None:
    with make.refused("evidence-required"):
        issued.do(invoices.declare_unrecoverable, lost(evidence=None))
    issued.do(invoices.declare_unrecoverable, lost(6_000))
    found = state(issued)
    assert (found.outstanding_minor, found.written_off_minor, found.unrecoverable_minor) == (
        6_000,
        6_000,
        6_000,
    )
    assert found.relieved == (share(5_000, 1_000),)
    assert found.duplicate_text == (
        "Facture demeurée impayée pour la somme de 50,00\u00a0EUR (prix net) et pour la somme de 10,00\u00a0EUR (TVA "
        "correspondante) qui ne peut faire l'objet d'une déduction (article 272 du CGI)."
    )
    shown = InvoiceOut.of(found, 1, TODAY)
    assert (shown["unrecoverable"]["amount"], shown["vat_relief"][0]["vat"]["amount"]) == ("60.00", "10.00")


@pytest.mark.parametrize(("country", "relieved"), [("FR", None), ("BE", 2_000)])
def test_vat_that_a_french_seller_owes_on_receipt_was_never_due_and_is_not_relieved(
    issued: Any, country: str, relieved: int | None
) -> None:
    services = replace(state(issued), particulars=Particulars(nature="services"))
    event = declare_unrecoverable(services, lost(), country, TODAY, TODAY)
    assert (event.amount_minor, event.vat_minor, event.vat_relief) == (12_000, relieved, bool(relieved))
    on_debits = replace(services, particulars=Particulars(nature="services", vat_on_debits=True))
    assert declare_unrecoverable(on_debits, lost(), country, TODAY, TODAY).vat_minor == 2_000


def test_without_relief_neither_evidence_nor_vat_is_stated(issued: Any) -> None:
    issued.do(invoices.declare_unrecoverable, lost(evidence=None, vat_relief=False))
    (event,) = (e.data for e in issued.stream("inv_1") if isinstance(e.data, InvoiceUnrecoverable))
    assert (event.amount_minor, event.vat, event.net_minor, event.duplicate_text) == (12_000, (), None, None)
    assert InvoiceOut.of(state(issued), 1, TODAY)["status"]["settlement"] == "written_off"


def test_what_was_written_off_before_leaves_the_books_once(make: Any, issued: Any) -> None:
    issued.do(invoices.write_off, written_off(5_000, day(10)))
    with make.refused("invalid-request"):
        issued.do(invoices.declare_unrecoverable, lost(5_000, on=day(9)))
    issued.do(invoices.declare_unrecoverable, lost())
    found = state(issued)
    assert (found.outstanding_minor, found.written_off_minor, found.unrecoverable_minor) == (
        0,
        12_000,
        12_000,
    )
    assert (moved(issued, "item_minor"), found.relieved) == (0, (share(10_000, 2_000),))
    with make.refused("nothing-outstanding"):
        issued.do(invoices.declare_unrecoverable, lost())


def test_more_than_is_lost_or_in_another_currency_is_refused(make: Any, issued: Any) -> None:
    with make.refused("amount-exceeds-outstanding"):
        issued.do(invoices.declare_unrecoverable, lost(12_001))
    for command in (
        DeclareUnrecoverable("inv_1", Money(1, "USD"), "x", "y"),
        ProvisionInvoice("inv_1", Money(1, "USD"), "x"),
    ):
        work = invoices.provision if isinstance(command, ProvisionInvoice) else invoices.declare_unrecoverable
        with make.refused("currency-mismatch"):
            issued.do(work, command)


def test_the_vat_of_an_invoice_without_known_rates_is_not_relieved(make: Any, firm: Any) -> None:
    firm.do(
        invoices.take_over,
        TakeOverInvoice("inv_1", "cus_1", "ent_1", "OLD", day(1), day(9), "EUR", 1_200, None, None),
    )
    with make.refused("vat-not-relievable"):
        firm.do(invoices.declare_unrecoverable, lost())
    firm.do(invoices.provision, provided(None))
    firm.do(invoices.declare_unrecoverable, lost(vat_relief=False))
    assert (state(firm).provisioned_minor, state(firm).unrecoverable_minor) == (1_200, 1_200)


def test_a_credit_note_never_takes_vat_that_was_relieved(make: Any, issued: Any) -> None:
    issued.do(invoices.declare_unrecoverable, lost(6_000))
    with make.refused("amount-exceeds-outstanding"):
        issued.do(invoices.credit, make.credit(6_001))
    issued.do(invoices.credit, make.credit(None))
    assert (state(issued).credits[0].net_minor, state(issued).credits[0].vat_minor) == (5_000, 1_000)


# Paid after all


@pytest.mark.parametrize("relief", [True, False])
def test_the_payment_of_a_lost_debt_is_accepted_and_its_vat_is_owed_again(
    make: Any, issued: Any, relief: bool
) -> None:
    issued.do(invoices.declare_unrecoverable, lost(on=day(10), vat_relief=relief))
    issued.do(payments.receive, make.receipt(amount=3_000, on=day(20), allocations=(("inv_1", 3_000),)))
    found = state(issued)
    assert (found.outstanding_minor, found.paid_minor, found.written_off_minor) == (0, 3_000, 9_000)
    assert found.unrecoverable_minor == 9_000
    (event,) = (e.data for e in issued.stream("inv_1") if isinstance(e.data, WriteOffRecovered))
    assert (event.amount_minor, event.payment_id) == (3_000, "pay_1")
    assert event.vat == ((share(2_500, 500),) if relief else ())
    assert found.relieved == ((share(7_500, 1_500),) if relief else ())
    assert (moved(issued, "account_minor"), moved(issued, "item_minor"), moved(issued, "cash_minor")) == (
        0,
        0,
        0,
    )


def test_open_amounts_are_paid_first_and_then_what_was_written_off(make: Any, issued: Any) -> None:
    issued.do(invoices.write_off, written_off(5_000, day(10)))
    issued.do(payments.receive, make.receipt(amount=8_000, on=day(5), allocations=(("inv_1", 8_000),)))
    found = state(issued)
    assert (found.outstanding_minor, found.paid_minor, found.written_off_minor) == (0, 8_000, 4_000)
    assert found.applied[0].received_on == day(5)
    for number in (4, 5, 9, 10, 20):
        then = fold_as_of(issued.stream("inv_1"), day(number))
        assert then.outstanding_minor >= 0
        assert then.written_off_minor >= 0
    with make.refused("amount-exceeds-outstanding"):
        issued.do(payments.receive, make.receipt("pay_2", amount=9_000, allocations=(("inv_1", 4_001),)))


def test_a_lost_debt_is_paid_by_its_number_in_the_text_and_never_by_age(make: Any, issued: Any) -> None:
    issued.do(invoices.write_off, written_off())
    issued.do(payments.receive, make.receipt("pay_1", amount=1_000), ("inv_1",))
    assert issued.state(PAYMENT, "pay_1").unapplied_minor == 1_000
    named = make.receipt("pay_2", amount=1_000, remittance_text="FAC-2026-000001")
    issued.do(payments.receive, named, ("inv_1",))
    assert issued.state(PAYMENT, "pay_2").unapplied_minor == 0


def test_a_payment_that_comes_undone_leaves_the_debt_open(make: Any, issued: Any) -> None:
    issued.do(invoices.declare_unrecoverable, lost(on=day(10)))
    issued.do(payments.receive, make.receipt(amount=3_000, on=day(20), allocations=(("inv_1", 3_000),)))
    issued.do(payments.release, ReleasePayment("pay_1", None))
    assert (state(issued).outstanding_minor, state(issued).written_off_minor) == (3_000, 9_000)


def test_the_reversal_of_a_write_off_takes_the_relief_back(make: Any, firm: Any) -> None:
    content = Content(day(1), (LineInput("a", "1", "100", "20"), LineInput("b", "1", "100", "5.5")))
    firm.do(invoices.draft, make.at_once(make.draft(content=content), day(1)))
    firm.do(invoices.declare_unrecoverable, lost(11_275))
    firm.do(invoices.reverse_write_off, ReverseWriteOff("inv_1", "dividend announced"))
    (event,) = (e.data for e in firm.stream("inv_1") if isinstance(e.data, WriteOffReversed))
    assert event.vat == (share(5_000, 275, 550), share(5_000, 1_000))
    found = state(firm)
    assert (found.outstanding_minor, found.unrecoverable_minor, found.relieved) == (22_550, 0, ())
    firm.do(invoices.credit, CreditInvoice("inv_1", "cre_1", TODAY, None, "whole"))
    assert state(firm).credits[0].vat_minor == 2_550
