"""The rules of invoices and credit notes: given a story, when a command, then events."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from encours.kernel.errors import DomainError
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.invoice.commands import (
    AmendInvoice,
    CancelInvoice,
    IssueInvoice,
    TakeOverInvoice,
)
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.payment import state as payment_state
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import claims, payments
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices

TODAY = date(2026, 6, 30)


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def test_numbers_run_without_gaps_and_a_refused_issue_takes_none(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, make.at_once(make.draft("inv_1"), day(2)))
    with make.refused("issue-date-before-last"):
        firm.do(invoices.draft, make.at_once(make.draft("inv_2"), day(1)))
    firm.do(invoices.draft, make.at_once(make.draft("inv_3"), day(2)))
    assert [firm.state(INVOICE, name).number for name in ("inv_1", "inv_3")] == [
        "FAC-2026-000001",
        "FAC-2026-000002",
    ]


def test_an_invoice_of_nothing_is_numbered_and_settled_at_once(make: Any, firm: Any) -> None:
    draft = make.draft()
    rebate = LineInput("100 % rebate", "1", "-100.00", "20")
    content = replace(draft.content, lines=(*draft.content.lines, rebate))
    firm.do(invoices.draft, make.at_once(replace(draft, content=content), day(2)))
    shown = InvoiceOut.of(firm.state(INVOICE, "inv_1"), 1, TODAY)
    assert (shown["number"], shown["total"]["amount"]) == ("FAC-2026-000001", "0.00")
    assert (shown["status"]["settlement"], shown["status"]["collection"], shown["labels"]["business"]) == (
        "paid", "none", "payée",
    )  # fmt: skip
    below = replace(rebate, unit_price="-100.01")
    content = replace(content, lines=(*draft.content.lines, below))
    with make.refused("invoice-incomplete"):
        firm.do(invoices.draft, make.at_once(replace(draft, invoice_id="inv_2", content=content), day(2)))


def test_an_invoice_is_not_dated_in_the_future(make: Any, firm: Any) -> None:
    with make.refused("date-in-future"):
        firm.do(invoices.draft, make.at_once(make.draft(), TODAY + timedelta(days=1)))


def test_an_incomplete_invoice_is_refused_with_every_reason_at_once(make: Any, firm: Any) -> None:
    firm.do(entities.register, make.entity("ent_2", legal_form=None, siren=None, vat_id=None, address=None))
    firm.do(customers.register, make.customer("cus_2", "ent_2", address=None))
    with pytest.raises(DomainError) as refusal:
        firm.do(
            invoices.draft,
            make.at_once(make.draft(entity_id="ent_2", customer_id="cus_2", amount="-1", vat="0"), TODAY),
        )
    assert refusal.value.code == "invoice-incomplete"
    assert {fault.pointer for fault in refusal.value.errors} == {
        "/entity/legal_form", "/entity/siren", "/entity/address", "/customer/address", "/lines",
    }  # fmt: skip


def test_a_seller_abroad_owes_none_of_the_french_mentions(make: Any, firm: Any) -> None:
    abroad = make.entity("ent_2", country="GB", legal_form=None, siren=None, address=None)
    firm.do(entities.register, abroad)
    firm.do(customers.register, make.customer("cus_2", "ent_2", address=None))
    firm.do(invoices.draft, make.at_once(make.draft(entity_id="ent_2", customer_id="cus_2"), TODAY))
    assert firm.state(INVOICE, "inv_1").number == "FAC-2026-000001"


def test_an_issued_invoice_can_be_neither_amended_nor_cancelled_nor_issued_again(
    make: Any, issued: Any
) -> None:
    content = make.draft().content
    for work in (
        lambda s: invoices.amend(s, AmendInvoice("inv_1", lines=content.lines)),
        lambda s: invoices.cancel(s, CancelInvoice("inv_1")),
        lambda s: invoices.issue(s, IssueInvoice("inv_1", TODAY)),
    ):
        with make.refused("invoice-not-draft"):
            issued.do(work)


def test_a_cancelled_draft_stays_cancelled_and_cancelling_again_records_nothing(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, make.draft())
    firm.do(invoices.cancel, CancelInvoice("inv_1"))
    firm.do(invoices.cancel, CancelInvoice("inv_1"))
    assert firm.kinds(since=4) == ["invoice.drafted", "invoice.cancelled"]


def test_the_customer_and_the_series_have_to_be_the_entitys(make: Any, firm: Any) -> None:
    firm.do(entities.register, make.entity("ent_2"))
    with make.refused("customer-of-other-entity"):
        firm.do(invoices.draft, make.draft(entity_id="ent_2"))
    with make.refused("series-not-defined"):
        firm.do(invoices.draft, make.draft(series="AVO"))


def test_an_invoice_taken_over_keeps_its_number_and_joins_no_series(firm: Any) -> None:
    taken = TakeOverInvoice(
        "inv_9", "cus_1", "ent_1", "OLD-7", day(1, 1), day(31, 1), "EUR", 1_200, 1_000, 200
    )
    firm.do(invoices.take_over, taken)
    state = firm.state(INVOICE, "inv_9")
    assert (state.number, state.series, state.due_on, state.origin) == ("OLD-7", None, day(31, 1), "import")


# Credit notes


def test_a_credit_note_takes_an_amount_off_and_the_whole_of_the_rest_cancels(make: Any, issued: Any) -> None:
    issued.do(invoices.credit, make.credit(6_000))
    issued.do(invoices.credit, make.credit(None, name="cre_2"))
    state = issued.state(INVOICE, "inv_1")
    assert [(c.number, c.net_minor, c.vat_minor) for c in state.credits] == [
        ("AVO-2026-000001", 5_000, 1_000),
        ("AVO-2026-000002", 5_000, 1_000),
    ]
    assert state.outstanding_minor == 0


def test_a_credit_note_on_a_paid_invoice_leaves_the_customer_in_credit(make: Any, issued: Any) -> None:
    issued.do(payments.receive, make.receipt("pay_1", amount=9_000, on=day(5)), ("inv_1",))
    issued.do(payments.receive, make.receipt("pay_2", amount=3_000, on=day(9)), ("inv_1",))
    issued.do(invoices.credit, make.credit(4_000))
    state = issued.state(INVOICE, "inv_1")
    assert (state.outstanding_minor, state.paid_minor, state.credited_minor) == (0, 8_000, 4_000)
    unapplied = [issued.state(PAYMENT, name).unapplied_minor for name in ("pay_1", "pay_2")]
    assert unapplied == [1_000, 3_000]
    with make.refused("amount-exceeds-outstanding"):
        issued.do(invoices.credit, make.credit(8_001, name="cre_2"))
    issued.do(invoices.credit, make.credit(8_000, name="cre_2"))
    assert issued.state(PAYMENT, "pay_1").unapplied_minor == 9_000


def test_a_credit_note_that_is_taken_over_on_a_paid_invoice_leaves_the_credit(make: Any, issued: Any) -> None:
    taken = TakeOverInvoice("inv_2", "cus_1", "ent_1", "OLD-1", day(1), day(20), "EUR", 12_000, None, None)
    issued.do(invoices.take_over, taken)
    issued.do(payments.receive, make.receipt(origin="import", allocations=(("inv_2", 12_000),)))
    note = replace(make.credit(2_400), invoice_id="inv_2", number="OLD-AV-1")
    issued.do(invoices.credit, note)
    assert issued.state(INVOICE, "inv_2").credited_minor == 2_400
    assert issued.state(PAYMENT, "pay_1").unapplied_minor == 2_400


def test_a_credit_note_dated_before_the_payment_takes_the_money_off_when_it_came(
    make: Any, issued: Any
) -> None:
    issued.do(payments.receive, make.receipt(on=day(20)), ("inv_1",))
    issued.do(invoices.credit, make.credit(2_000, on=day(10)))
    for on, left in ((9, 12_000), (10, 10_000), (20, 0)):
        assert fold_as_of(issued.stream("inv_1"), day(on)).outstanding_minor == left
    assert payment_state.fold_as_of(issued.stream("pay_1"), day(20)).unapplied_minor == 2_000


def test_without_lines_or_amount_a_settled_invoice_has_nothing_left_to_credit_or_to_dispute(
    make: Any, issued: Any
) -> None:
    issued.do(payments.receive, make.receipt(), ("inv_1",))
    for work, command in ((invoices.credit, make.credit()), (claims.open_dispute, make.dispute())):
        with make.refused("nothing-outstanding"):
            issued.do(work, command)


def test_a_credit_note_is_not_dated_before_its_invoice(make: Any, issued: Any) -> None:
    with pytest.raises(DomainError, match=r"was issued on 2026-06-01; use that or a later date") as refusal:
        issued.do(invoices.credit, make.credit(on=date(2026, 5, 31)))
    assert refusal.value.errors[0].pointer == "/issued_on"
