"""The rules of an invoice in instalments: due date, delay and interest of each, and what settles them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.contracts.common import Instalment
from encours.contracts.settlement import settlements
from encours.legal.interest import statement
from encours.legal.packs import law_of
from encours.testing.folding import Folding
from invoice_svc.domain.dispute.commands import ResolveDispute
from invoice_svc.domain.instalments import RescheduleInvoice, instalments
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.payment.commands import ReversePayment
from invoice_svc.domain.plan.commands import AgreePlan
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.read_models.invoices.rows import InvoiceRow
from invoice_svc.read_models.lists import Lists
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.money import claims, payments, plans, reversals
from invoice_svc.use_cases.sales import disputes, invoices

AGREED = date(2026, 7, 11)


def day(number: int, month: int = 7) -> date:
    return date(2026, month, number)


def wanted(*parts: tuple[date, int], currency: str = "EUR") -> RescheduleInvoice:
    found = tuple(Instalment(due_on=on, amount_minor=amount) for on, amount in parts)
    return RescheduleInvoice("inv_1", found, currency, "Asked by the customer", "Mme Dupont")


THIRDS = wanted((day(20), 4_000), (day(20, 8), 4_000), (day(20, 9), 4_000))


@pytest.fixture
def split(issued: Any) -> Any:
    """120.00 issued on 1 June and due on 1 July, from 11 July on due in three parts of 40.00."""
    issued.do(plans.reschedule_invoice, THIRDS, today=AGREED)
    return issued


def shown(books: Any, on: date) -> tuple[str, int, list[int]]:
    """Collection status, days past due and what is open of each instalment."""
    body = InvoiceOut.of(fold_as_of(books.stream("inv_1"), on), 1, on)
    state = fold_as_of(books.stream("inv_1"), on)
    return (
        body["status"]["collection"],
        body["days_past_due"],
        [each.open_minor for each in instalments(state)],
    )


def payable(books: Any) -> tuple[date, date]:
    """Due date of the first instalment that is not settled, of the invoice and in the list."""
    lists = Folding(Lists())
    lists.fold(books.ledger.events)
    (row,) = lists.tables()[InvoiceRow.TABLE].values()
    listed = dict(zip(InvoiceRow.__struct_fields__, row, strict=True))
    return books.state(INVOICE, "inv_1").payable_on, listed["payable_on"]


def interest(books: Any, on: date) -> list[tuple[date, int, int]]:
    state = books.state(INVOICE, "inv_1")
    found = statement(settlements([debt_of(state)])["inv_1"], state.terms, on, law_of("FR"))
    return [(segment.first_day, segment.days, segment.principal_minor) for segment in found.segments]


def test_the_delay_is_that_of_the_first_instalment_that_is_not_settled(make: Any, split: Any) -> None:
    assert shown(split, day(10)) == ("overdue", 9, [])
    assert shown(split, day(11)) == ("not_due", 0, [4_000, 4_000, 4_000])
    assert shown(split, day(20)) == ("due", 0, [4_000, 4_000, 4_000])
    assert shown(split, day(25)) == ("overdue", 5, [4_000, 4_000, 4_000])
    split.do(
        payments.receive,
        make.receipt(amount=5_000, on=day(26), allocations=(("inv_1", 5_000),)),
        today=day(26),
    )
    assert shown(split, day(26)) == ("not_due", 0, [0, 3_000, 4_000])
    assert shown(split, day(25)) == ("overdue", 5, [4_000, 4_000, 4_000])
    split.do(reversals.reverse, ReversePayment("pay_1", day(30), "Returned"), today=day(30))
    assert shown(split, day(30)) == ("overdue", 10, [4_000, 4_000, 4_000])


def test_a_credit_note_is_taken_off_the_last_instalments(make: Any, split: Any) -> None:
    split.do(invoices.credit, make.credit(5_000, on=day(15)), today=day(15))
    assert shown(split, day(15))[2] == [4_000, 3_000, 0]


def test_an_accepted_claim_is_taken_off_the_last_instalment_before_its_credit_note(
    make: Any, split: Any
) -> None:
    split.do(claims.open_dispute, make.dispute(3_000), today=day(12))
    split.do(disputes.resolve, ResolveDispute("dis_1", "credited", day(13)), today=day(13))
    assert shown(split, day(13))[2] == [4_000, 4_000, 1_000]
    split.do(
        payments.receive,
        make.receipt(amount=4_000, on=day(15), allocations=(("inv_1", 4_000),)),
        today=day(15),
    )
    assert shown(split, day(15))[2] == [0, 4_000, 1_000]
    assert payable(split) == (day(20, 8), day(20, 8))
    split.do(invoices.credit, make.credit(3_000, on=day(16)), today=day(16))
    assert shown(split, day(16))[2] == [0, 4_000, 1_000]
    assert payable(split) == (day(20, 8), day(20, 8))


def test_each_instalment_bears_interest_from_its_own_due_date_and_earlier_days_keep_theirs(
    make: Any, split: Any
) -> None:
    assert interest(split, day(15)) == [(day(2), 9, 12_000)]
    split.do(
        payments.receive,
        make.receipt(amount=4_000, on=day(25), allocations=(("inv_1", 4_000),)),
        today=day(25),
    )
    assert interest(split, day(24, 8)) == [
        (day(2), 9, 12_000),
        (day(21), 5, 4_000),
        (day(21, 8), 4, 4_000),
    ]


def test_the_instalments_are_over_all_that_was_ever_owed(make: Any, issued: Any) -> None:
    with make.refused("instalments-differ"):
        issued.do(plans.reschedule_invoice, wanted((day(20), 11_999)), today=AGREED)
    with make.refused("currency-mismatch"):
        issued.do(plans.reschedule_invoice, wanted((day(20), 12_000), currency="USD"), today=AGREED)
    with make.refused("invalid-request"):
        issued.do(plans.reschedule_invoice, wanted((date(2026, 5, 31), 12_000)), today=AGREED)
    issued.do(
        payments.receive, make.receipt(amount=5_000, on=day(5), allocations=(("inv_1", 5_000),)), today=day(5)
    )
    before = len(issued.ledger.events)
    issued.do(plans.reschedule_invoice, THIRDS, today=AGREED)
    issued.do(plans.reschedule_invoice, THIRDS, today=AGREED)
    assert issued.kinds(since=before) == ["invoice.rescheduled"]
    assert shown(issued, AGREED)[2] == [0, 3_000, 4_000]


def test_an_invoice_on_a_plan_or_paid_is_not_split(make: Any, issued: Any) -> None:
    on_plan = AgreePlan("pln_1", "cus_1", ("inv_1",), wanted((day(20), 12_000)).instalments, "EUR", "runs", 5)
    issued.do(plans.agree, on_plan, today=AGREED)
    with make.refused("invoice-on-plan"):
        issued.do(plans.reschedule_invoice, THIRDS, today=AGREED)
    issued.do(
        payments.receive,
        make.receipt(amount=12_000, on=AGREED, allocations=(("inv_1", 12_000),)),
        today=AGREED,
    )
    issued.do(plans.judge, "pln_1", AGREED, _no_cash, today=AGREED)
    with make.refused("nothing-outstanding"):
        issued.do(plans.reschedule_invoice, THIRDS, today=AGREED)


async def _no_cash(ledger: str, customer_id: str, currency: str) -> tuple[()]:
    return ()


def test_the_list_knows_the_date_that_the_invoice_shows(make: Any, split: Any) -> None:
    split.do(
        payments.receive,
        make.receipt(amount=5_000, on=day(15), allocations=(("inv_1", 5_000),)),
        today=day(15),
    )
    assert payable(split) == (day(20, 8), day(20, 8))
