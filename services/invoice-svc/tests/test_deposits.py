"""Deposits, the final invoice that deducts them, and the correction of an invoice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from encours.contracts.books import movements
from encours.contracts.common import Particulars
from encours.contracts.vat_due import vat_due
from encours.kernel.money import Money
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import AssignRoles
from invoice_svc.domain.invoice.commands import AmendInvoice, Content, DraftInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice, InvoiceCorrected, correction_id
from invoice_svc.domain.invoice.deposits import DepositIsDeducted, DepositNotDeductible
from invoice_svc.domain.invoice.vat_due import vat_received
from invoice_svc.domain.loss.decide import DeclareUnrecoverable
from invoice_svc.domain.loss.write_off import ReverseWriteOff
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.http.invoices.bodies import CorrectionBody, DraftBody
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import corrections, invoices

TODAY = date(2026, 6, 30)


def day(number: int) -> date:
    return date(2026, 6, number)


def line(price: str, rate: str = "20") -> LineInput:
    return LineInput("work", "1", price, rate)


def invoice(
    name: str, *lines: LineInput, on: int = 10, deposits: tuple[str, ...] = (), **more: Any
) -> DraftInvoice:
    content = Content(day(1), lines, deposits=deposits)
    return DraftInvoice(name, "ent_1", "cus_1", "FAC", content, issue=True, issued_on=day(on), **more)


def deposit(name: str, *lines: LineInput, on: int = 2) -> DraftInvoice:
    return invoice(name, *lines, on=on, purpose="deposit")


def net_of(books: Any) -> int:
    return sum(each.net_minor for event in books.ledger.events for each in movements(event))


def account_of(books: Any) -> int:
    return sum(each.account_minor for event in books.ledger.events for each in movements(event))


def test_a_final_invoice_adds_what_the_deposit_leaves_to_debt_turnover_and_vat(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_1", line("1000")))
    firm.do(payments.receive, make.receipt(amount=120_000, on=day(3)), ("inv_1",))
    firm.do(invoices.draft, invoice("inv_2", line("5000"), deposits=("inv_1",)))
    final = firm.state(INVOICE, "inv_2")
    assert (final.net_minor, final.vat_minor, final.outstanding_minor) == (400_000, 80_000, 480_000)
    shown = InvoiceOut.of(final, 1, TODAY)
    amounts = {name: value["amount"] for name, value in shown["totals"].items() if name != "rule"}
    assert amounts == {
        "lines": "5000.00", "allowances": "0.00", "charges": "0.00", "net": "5000.00", "vat": "1000.00",
        "total": "6000.00", "prepaid": "1200.00", "payable": "4800.00",
    }  # fmt: skip
    (listed,) = shown["deposits"]
    assert (listed["number"], listed["total"]["amount"], listed["vat_breakdown"][0]["vat"]["amount"]) == (
        "FAC-2026-000001", "1200.00", "200.00",
    )  # fmt: skip
    assert (net_of(firm), account_of(firm)) == (500_000, 480_000)
    assert firm.state(INVOICE, "inv_1").deducted_by == "inv_2"


def test_an_unpaid_deposit_is_deducted_too_and_stays_a_debt_of_its_own(firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_1", line("1000")))
    firm.do(invoices.draft, invoice("inv_2", line("5000"), deposits=("inv_1",)))
    owed = [firm.state(INVOICE, name).outstanding_minor for name in ("inv_1", "inv_2")]
    assert owed == [120_000, 480_000]


def test_a_deposit_above_the_final_invoice_leaves_the_customer_in_credit(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_1", line("1000"), line("100", "5.5")))
    firm.do(payments.receive, make.receipt(amount=130_550, on=day(3)), ("inv_1",))
    firm.do(invoices.draft, invoice("inv_2", line("800"), deposits=("inv_1",)))
    final, first = firm.state(INVOICE, "inv_2"), firm.state(INVOICE, "inv_1")
    assert (final.total_minor, final.outstanding_minor) == (0, 0)
    (note,) = first.credits
    assert (note.number, note.total_minor) == ("AVO-2026-000001", 24_000 + 10_550)
    assert [(share.rate_bps, share.net_minor, share.vat_minor) for share in note.vat] == [
        (550, 10_000, 550), (2_000, 20_000, 4_000),
    ]  # fmt: skip
    assert firm.state(PAYMENT, "pay_1").unapplied_minor == 34_550
    assert (net_of(firm), account_of(firm)) == (80_000, -34_550)


def test_cents_of_rounded_vat_are_not_declared_twice(firm: Any) -> None:
    for n in range(3):
        firm.do(invoices.draft, deposit(f"inv_{n}", line("0.13")))
    firm.do(invoices.draft, invoice("inv_9", line("0.39"), deposits=("inv_0", "inv_1", "inv_2")))
    vat = [firm.state(INVOICE, f"inv_{n}").vat_minor for n in (0, 1, 2, 9)]
    credited = [note.vat_minor for n in range(3) for note in firm.state(INVOICE, f"inv_{n}").credits]
    assert (vat, credited) == ([3, 3, 3, 0], [1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"deposits": ("inv_3",)}, "is no deposit invoice"),
        ({"deposits": ("inv_4",)}, "belongs to another customer"),
        ({"deposits": ("inv_1",)}, "is deducted by FAC-2026-000004 already"),
        ({"deposits": ("inv_6",), "on": 11}, "is dated 2026-06-12, after the final invoice"),
    ],
)
def test_a_deposit_of_the_customer_is_deducted_once(
    make: Any, firm: Any, change: dict[str, Any], said: str
) -> None:
    firm.do(customers.register, make.customer("cus_2"))
    firm.do(invoices.draft, deposit("inv_1", line("10")))
    firm.do(invoices.draft, invoice("inv_3", line("10"), on=2))
    firm.do(invoices.draft, replace(deposit("inv_4", line("10")), customer_id="cus_2"))
    firm.do(invoices.draft, invoice("inv_2", line("50"), deposits=("inv_1",)))
    firm.do(invoices.draft, deposit("inv_6", line("10"), on=12))
    with pytest.raises(DepositNotDeductible, match=said):
        firm.do(invoices.draft, invoice("inv_5", line("50"), **change))


def test_deposits_leave_no_negative_invoice_where_a_rebate_is_at_another_rate(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_1", line("1000")))
    with make.refused("deposit-not-deductible"):
        firm.do(invoices.draft, invoice("inv_2", line("1000"), line("-50", "10"), deposits=("inv_1",)))
    firm.do(invoices.draft, invoice("inv_3", line("1055"), line("-50", "10"), deposits=("inv_1",)))
    assert firm.state(INVOICE, "inv_3").outstanding_minor == 1_100


LOST = DeclareUnrecoverable("inv_1", None, "Liquidation", "Certificate")


def test_a_lost_deposit_is_deducted_though_its_vat_is_relieved(firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_1", line("1000")))
    firm.do(invoices.declare_unrecoverable, LOST)
    firm.do(invoices.draft, invoice("inv_2", line("5000"), deposits=("inv_1",)), today=TODAY)
    final = firm.state(INVOICE, "inv_2")
    assert (final.total_minor, final.deducted[0].total_minor) == (480_000, 120_000)


@pytest.mark.parametrize("relief", [True, False])
def test_what_a_final_invoice_cannot_take_of_a_lost_deposit_waits_for_its_reversal(
    make: Any, firm: Any, relief: bool
) -> None:
    firm.do(invoices.draft, deposit("inv_1", line("1000")))
    firm.do(invoices.declare_unrecoverable, replace(LOST, vat_relief=relief), today=TODAY)
    final = invoice("inv_2", line("800"), on=30, deposits=("inv_1",))
    with make.refused("deposit-not-deductible"):
        firm.do(invoices.draft, final, today=TODAY)
    firm.do(invoices.reverse_write_off, ReverseWriteOff("inv_1", "Dividend"), today=TODAY)
    firm.do(invoices.draft, final, today=TODAY)
    assert (firm.state(INVOICE, "inv_2").total_minor, net_of(firm)) == (0, 80_000)
    assert firm.state(INVOICE, "inv_1").outstanding_minor == 96_000


def test_a_final_invoice_takes_of_a_deposit_what_is_lost_before_what_can_be_credited(firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_1", line("1000")))
    firm.do(invoices.declare_unrecoverable, replace(LOST, amount=Money(60_000, "EUR")))
    firm.do(invoices.draft, invoice("inv_2", line("600"), on=30, deposits=("inv_1",)), today=TODAY)
    first = firm.state(INVOICE, "inv_1")
    assert (firm.state(INVOICE, "inv_2").total_minor, first.credited_minor) == (0, 48_000)
    assert (first.outstanding_minor, first.written_off_minor) == (12_000, 60_000)


def test_a_deposit_invoice_deducts_none_and_a_draft_is_no_deposit_yet(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, replace(deposit("inv_1", line("10")), issue=False))
    with make.refused("invalid-request"):
        firm.do(invoices.draft, replace(invoice("inv_2", line("50"), deposits=("inv_1",)), purpose="deposit"))
    with make.refused("invoice-not-issued"):
        firm.do(invoices.draft, invoice("inv_2", line("50"), deposits=("inv_1",)))


def test_a_draft_names_its_deposits_and_a_patch_changes_them(firm: Any) -> None:
    ids = {"entity_id": "ent_" + "1" * 32, "customer_id": "cus_" + "1" * 32}
    body = {"lines": [{"description": "x", "quantity": "1", "unit_price": "10", "vat_rate": "20"}]}
    asked = DraftBody.model_validate(ids | body | {"deposits": ["inv_" + "2" * 32] * 2}).to_command("inv_1")
    firm.do(invoices.draft, replace(asked, entity_id="ent_1", customer_id="cus_1"))
    assert firm.state(INVOICE, "inv_1").deposits == ("inv_" + "2" * 32,)
    firm.do(invoices.amend, AmendInvoice("inv_1", deposits=()))
    assert firm.state(INVOICE, "inv_1").deposits == ()


amounts = st.integers(1, 400).map(lambda n: f"{n // 100}.{n % 100:02d}")
some_lines = st.lists(st.builds(line, amounts, st.sampled_from(["0", "5.5", "20"])), min_size=1, max_size=3)


@settings(max_examples=80, deadline=None)
@given(st.lists(some_lines, max_size=4), some_lines, st.booleans())
def test_with_any_deposits_what_is_billed_is_the_supply_at_each_rate_once(
    new_books: Any, make: Any, deposits: list[list[LineInput]], supplied: list[LineInput], paid: bool
) -> None:
    books = new_books()
    books.do(entities.register, make.entity())
    books.do(customers.register, make.customer())
    names = tuple(f"inv_{n}" for n in range(len(deposits)))
    for name, lines in zip(names, deposits, strict=True):
        books.do(invoices.draft, deposit(name, *lines))
        if paid:
            whole = books.state(INVOICE, name).outstanding_minor
            books.do(payments.receive, make.receipt(f"pay_{name}", amount=whole, on=day(3)), (name,))
    books.do(invoices.draft, replace(invoice("inv_alone", *supplied), customer_id="cus_1"))
    books.do(invoices.draft, invoice("inv_final", *supplied, deposits=names))
    billed: dict[int, list[int]] = {}
    for name in (*names, "inv_final"):
        state = books.state(INVOICE, name)
        for share in state.vat:
            found = billed.setdefault(share.rate_bps, [0, 0])
            found[0] += share.net_minor
            found[1] += share.vat_minor
        for share in (share for note in state.credits for share in note.vat):
            billed[share.rate_bps][0] -= share.net_minor
            billed[share.rate_bps][1] -= share.vat_minor
    whole = books.state(INVOICE, "inv_alone")
    assert {rate: pair for rate, pair in billed.items() if any(pair)} == {
        share.rate_bps: [share.net_minor, share.vat_minor] for share in whole.vat
    }
    final = books.state(INVOICE, "inv_final")
    assert final.total_minor >= 0
    assert all(share.net_minor >= 0 and share.vat_minor >= 0 for share in final.vat)
    received = (
        sum(each.amount_minor for name in names for each in books.state(INVOICE, name).applied) if paid else 0
    )
    unapplied = sum(books.state(PAYMENT, f"pay_{name}").unapplied_minor for name in names) if paid else 0
    owed = sum(books.state(INVOICE, name).outstanding_minor for name in (*names, "inv_final"))
    assert owed + received == whole.total_minor
    assert account_of(books) - whole.total_minor == owed - unapplied


@pytest.mark.parametrize(
    ("purpose", "particulars", "due"),
    [
        ("deposit", Particulars(nature="goods"), "receipt"),
        ("invoice", Particulars(nature="goods"), "delivery"),
        ("invoice", Particulars(nature="services"), "receipt"),
        ("invoice", Particulars(nature="services", vat_on_debits=True), "issue"),
        ("invoice", Particulars(nature="mixed"), None),
        ("invoice", Particulars(), None),
    ],
)
def test_vat_is_due_by_purpose_and_nature(purpose: Any, particulars: Particulars, due: str | None) -> None:
    assert vat_due(purpose, particulars) == due


def test_vat_on_receipt_is_due_by_rate_pro_rata_to_what_was_paid(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_1", line("1000"), line("1000", "5.5")))
    assert vat_received(firm.state(INVOICE, "inv_1")) == ()
    firm.do(payments.receive, make.receipt(amount=112_750, on=day(3)), ("inv_1",))
    found = vat_received(firm.state(INVOICE, "inv_1"))
    assert [(share.net_minor, share.vat_minor) for share in found] == [(50_000, 2_750), (50_000, 10_000)]


# Corrections

NEW = correction_id("inv_1")


def correction(**changes: Any) -> CorrectInvoice:
    return CorrectInvoice("inv_1", "Wrong rate", AmendInvoice("inv_1", **changes), issued_on=day(20))


def test_a_correction_credits_the_old_invoice_and_issues_a_new_one_that_cites_it(
    make: Any, issued: Any
) -> None:
    issued.do(payments.receive, make.receipt(on=day(5)), ("inv_1",))
    issued.do(corrections.correct, correction(lines=(line("100", "5.5"),)))
    old, new = issued.state(INVOICE, "inv_1"), issued.state(INVOICE, NEW)
    assert (old.creditable_minor, old.outstanding_minor, old.credits[0].cause) == (0, 0, "Wrong rate")
    assert (new.number, new.total_minor, new.corrects.invoice_number) == (
        "FAC-2026-000002",
        10_550,
        "FAC-2026-000001",
    )
    assert (new.terms, new.supply_on) == (old.terms, old.supply_on)
    assert (new.outstanding_minor, new.applied[0].received_on) == (0, day(5))
    assert issued.state(PAYMENT, "pay_1").unapplied_minor == 1_450
    assert InvoiceOut.of(new, 1, TODAY)["corrects"]["issued_on"] == "2026-06-01"


def test_a_correction_without_changes_of_content_bills_the_same_again(make: Any, issued: Any) -> None:
    issued.do(payments.receive, make.receipt("pay_1", amount=2_000, on=day(5)), ("inv_1",))
    issued.do(payments.receive, make.receipt("pay_2", amount=3_000, on=day(6)), ("inv_1",))
    issued.do(invoices.credit, make.credit(1_000, on=day(15), name="cre_9"))
    issued.do(corrections.correct, correction(reference="PO-7"), today=TODAY)
    new = issued.state(INVOICE, NEW)
    assert (new.total_minor, new.reference, new.paid_minor) == (12_000, "PO-7", 5_000)
    assert account_of(issued) == 12_000 - 5_000


def test_a_final_invoice_is_corrected_with_its_deposits(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_0", line("1000")))
    firm.do(invoices.draft, invoice("inv_1", line("5000"), deposits=("inv_0",)))
    firm.do(corrections.correct, correction(lines=(line("6000"),)))
    new = firm.state(INVOICE, NEW)
    assert (new.total_minor, new.deducted[0].total_minor) == (600_000, 120_000)
    assert firm.state(INVOICE, "inv_0").deducted_by == NEW
    with pytest.raises(DepositIsDeducted, match="deducted by its final invoice, FAC-2026-000003"):
        firm.do(corrections.correct, replace(correction(), invoice_id="inv_0"))


def test_a_final_invoice_corrected_without_its_deposit_frees_it_for_another(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_0", line("1000")))
    firm.do(invoices.draft, invoice("inv_1", line("5000"), deposits=("inv_0",)))
    firm.do(corrections.correct, correction(deposits=()))
    assert firm.state(INVOICE, NEW).total_minor == 600_000
    assert firm.state(INVOICE, "inv_0").deducted_by is None
    firm.do(invoices.draft, invoice("inv_3", line("2000"), deposits=("inv_0",), on=21))
    assert firm.state(INVOICE, "inv_3").total_minor == 120_000
    assert net_of(firm) == 500_000 + 200_000


def test_a_final_invoice_credited_as_a_whole_frees_its_deposit(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_0", line("1000")))
    firm.do(invoices.draft, invoice("inv_1", line("5000"), deposits=("inv_0",)))
    firm.do(invoices.credit, make.credit(400_000, on=day(11)))
    assert firm.state(INVOICE, "inv_0").deducted_by == "inv_1"
    firm.do(invoices.credit, make.credit(80_000, on=day(12), name="cre_2"))
    assert firm.state(INVOICE, "inv_0").deducted_by is None
    firm.do(corrections.correct, correction(deposits=("inv_0",)))
    assert firm.state(INVOICE, NEW).total_minor == 480_000


def test_a_deposit_that_covers_the_whole_supply_is_freed_by_its_correction(firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_0", line("5000")))
    firm.do(invoices.draft, invoice("inv_1", line("5000"), deposits=("inv_0",)))
    firm.do(corrections.correct, correction(lines=(line("6000"),)))
    assert firm.state(INVOICE, NEW).total_minor == 120_000
    assert firm.state(INVOICE, "inv_0").deducted_by == NEW


def test_a_deducted_deposit_is_credited_by_the_correction_of_its_final_invoice(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, deposit("inv_0", line("5000")))
    firm.do(invoices.draft, invoice("inv_1", line("5000"), deposits=("inv_0",)))
    with pytest.raises(DepositIsDeducted, match="FAC-2026-000002"):
        firm.do(invoices.credit, replace(make.credit(60_000, on=day(12)), invoice_id="inv_0"))
    firm.do(corrections.correct, correction(lines=(line("4500"),)))
    assert (net_of(firm), account_of(firm)) == (450_000, 540_000)
    firm.do(corrections.correct, replace(correction(), invoice_id=NEW))
    assert (net_of(firm), account_of(firm)) == (450_000, 540_000)


def test_a_correction_keeps_who_ordered_and_who_is_billed(make: Any, firm: Any) -> None:
    firm.do(customers.register, make.customer("cus_2"))
    firm.do(customers.assign_roles, AssignRoles("cus_1", billed_id="cus_2", valid_from=day(1)))
    firm.do(invoices.draft, invoice("inv_0", line("10"), purpose="deposit"))
    firm.do(invoices.draft, invoice("inv_1", line("100"), deposits=("inv_0",)))
    firm.do(corrections.correct, correction(lines=(line("80"),)))
    old, new = firm.state(INVOICE, "inv_1"), firm.state(INVOICE, NEW)
    assert (new.customer_id, new.purchaser_id) == (old.customer_id, old.purchaser_id) == ("cus_2", "cus_1")
    assert new.total_minor == 8_400


def test_a_correction_that_cannot_be_issued_changes_nothing(make: Any, issued: Any) -> None:
    before = len(issued.ledger.events)
    with make.refused("invoice-incomplete"):
        issued.do(corrections.correct, correction(lines=(LineInput("work", "0", "1", "20"),)))
    with make.refused("invoice-not-issued"):
        issued.do(invoices.draft, make.draft("inv_5"))
        issued.do(corrections.correct, replace(correction(), invoice_id="inv_5"))
    assert len(issued.ledger.events) == before + 1


def test_the_body_of_a_correction_has_the_fields_of_a_patch() -> None:
    wanted = {
        "reason": "Wrong rate",
        "nature": "services",
        "terms": None,
        "series": "FAC",
        "issued_on": "2026-06-20",
    }
    command = CorrectionBody.model_validate(wanted).to_correction("inv_1")
    assert (command.cause, command.series, command.issued_on) == ("Wrong rate", "FAC", day(20))
    assert command.changes == AmendInvoice("inv_1", terms=None, particulars={"nature": "services"})


def test_an_invoice_is_replaced_once_and_then_the_new_one_is(issued: Any) -> None:
    body = CorrectionBody(reason="Wrong rate")
    issued.do(corrections.correct, body.to_correction("inv_1"))
    with pytest.raises(InvoiceCorrected, match=NEW):
        issued.do(corrections.correct, body.to_correction("inv_1"))
    issued.do(corrections.correct, body.to_correction(NEW))
    assert account_of(issued) == 12_000


@pytest.mark.parametrize("then", ["cus_2", "cus_3", None])
def test_a_correction_is_billed_to_the_same_customer_whoever_is_billed_now(
    make: Any, firm: Any, then: str | None
) -> None:
    firm.do(customers.register, make.customer("cus_2"))
    firm.do(customers.register, make.customer("cus_3"))
    firm.do(customers.assign_roles, AssignRoles("cus_1", billed_id="cus_2", valid_from=day(1)))
    firm.do(customers.assign_roles, AssignRoles("cus_2", billed_id="cus_3", valid_from=day(1)))
    firm.do(invoices.draft, deposit("inv_0", line("1000")))
    firm.do(invoices.draft, invoice("inv_1", line("5000"), deposits=("inv_0",)))
    firm.do(customers.assign_roles, AssignRoles("cus_1", billed_id=then, valid_from=day(15)))
    firm.do(corrections.correct, correction())
    new = firm.state(INVOICE, NEW)
    assert (new.customer_id, new.purchaser_id, new.total_minor) == ("cus_2", "cus_1", 480_000)


def test_money_of_who_paid_moves_to_the_correction_though_another_pays_now(make: Any, firm: Any) -> None:
    firm.do(customers.register, make.customer("cus_2"))
    firm.do(customers.assign_roles, AssignRoles("cus_1", payer_id="cus_2", valid_from=day(1)))
    firm.do(invoices.draft, invoice("inv_1", line("1000")))
    firm.do(payments.receive, make.receipt(amount=120_000, on=day(11), customer_id="cus_2"), ("inv_1",))
    firm.do(customers.assign_roles, AssignRoles("cus_1", valid_from=day(15)))
    firm.do(corrections.correct, correction())
    assert firm.state(INVOICE, NEW).outstanding_minor == 0
    assert account_of(firm) == 0
