"""The rules of write-offs: given a story, when a command, then events."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.contracts.settlement import settlements
from encours.kernel.money import Money
from encours.legal.interest import Statement, statement
from encours.legal.packs import law_of
from invoice_svc.domain.interest.debt import debt_of
from invoice_svc.domain.loss.write_off import ReverseWriteOff, WriteOffInvoice
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.use_cases.folds import INVOICE
from invoice_svc.use_cases.money import claims, payments
from invoice_svc.use_cases.sales import invoices

TODAY = date(2026, 6, 30)
LATER = date(2026, 8, 31)


def write_off(
    amount_minor: int | None = None, currency: str = "EUR", on: date | None = None
) -> WriteOffInvoice:
    amount = None if amount_minor is None else Money(amount_minor, currency)
    return WriteOffInvoice("inv_1", amount, "liquidation", "certificate of 12 March", on)


def shown(issued: Any) -> dict[str, Any]:
    return InvoiceOut.of(issued.state(INVOICE, "inv_1"), 1, TODAY)


def test_all_that_is_outstanding_is_written_off_unless_an_amount_is_given(issued: Any) -> None:
    issued.do(invoices.write_off, write_off(2_000))
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 10_000
    issued.do(invoices.write_off, write_off())
    state = issued.state(INVOICE, "inv_1")
    assert (state.outstanding_minor, state.written_off_minor) == (0, 12_000)
    assert issued.kinds()[-2:] == ["invoice.written_off", "invoice.written_off"]


def test_a_wholly_written_off_invoice_is_not_paid(issued: Any) -> None:
    issued.do(invoices.write_off, write_off())
    answer = shown(issued)
    assert answer["written_off"] == {"amount": "120.00", "currency": "EUR"}
    assert (answer["status"]["settlement"], answer["status"]["collection"]) == ("written_off", "none")
    assert answer["labels"] == {"business": "irrécouvrable", "crm": "Irrécouvrable"}


def test_an_invoice_whose_rest_is_written_off_is_not_paid_either(make: Any, issued: Any) -> None:
    issued.do(payments.receive, make.receipt(amount=10_000), ("inv_1",))
    issued.do(invoices.write_off, write_off())
    assert shown(issued)["status"]["settlement"] == "written_off"


def test_the_reversal_takes_back_all_that_was_written_off(issued: Any) -> None:
    issued.do(invoices.write_off, write_off(2_000))
    issued.do(invoices.write_off, write_off())
    issued.do(invoices.reverse_write_off, ReverseWriteOff("inv_1", "dividend"))
    state = issued.state(INVOICE, "inv_1")
    assert (state.outstanding_minor, state.written_off_minor) == (12_000, 0)
    assert shown(issued)["status"]["settlement"] == "open"


def penalties(issued: Any) -> Statement:
    state = issued.state(INVOICE, "inv_1")
    settled = settlements([debt_of(state)])["inv_1"]
    return statement(settled, state.terms, LATER, law_of("FR"))


def test_interest_goes_on_because_a_write_off_does_not_extinguish_the_debt(issued: Any) -> None:
    before = penalties(issued)
    issued.do(invoices.write_off, write_off())
    assert before == penalties(issued)
    assert before.interest_minor > 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (write_off(12_001), "amount-exceeds-outstanding"),
        (write_off(0), "invalid-request"),
        (write_off(100, "USD"), "currency-mismatch"),
        (write_off(on=date(2026, 7, 1)), "date-in-future"),
        (write_off(on=date(2026, 5, 31)), "invalid-request"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_write_off_that_does_not_fit_is_refused(make: Any, issued: Any, command: Any, code: str) -> None:
    with make.refused(code):
        issued.do(invoices.write_off, command)


def test_a_draft_a_settled_invoice_and_a_reversal_of_nothing_are_refused(make: Any, firm: Any) -> None:
    firm.do(invoices.draft, make.draft())
    for use_case, command in (
        (invoices.write_off, write_off()),
        (invoices.reverse_write_off, ReverseWriteOff("inv_1", "x")),
    ):
        with make.refused("invoice-not-issued"):
            firm.do(use_case, command)
    firm.do(invoices.draft, make.at_once(make.draft("inv_2"), date(2026, 6, 1)))
    with make.refused("nothing-written-off"):
        firm.do(invoices.reverse_write_off, ReverseWriteOff("inv_2", "x"))
    firm.do(payments.receive, make.receipt(), ("inv_2",))
    with make.refused("nothing-outstanding"):
        firm.do(invoices.write_off, WriteOffInvoice("inv_2", None, "x"))


def test_a_payment_of_what_was_written_off_recovers_as_much_of_it(make: Any, issued: Any) -> None:
    issued.do(invoices.write_off, write_off())
    issued.do(payments.receive, make.receipt(amount=100, allocations=(("inv_1", 100),)))
    assert issued.kinds()[-2:] == ["invoice.write_off_recovered", "invoice.payment_applied"]
    issued.do(invoices.reverse_write_off, ReverseWriteOff("inv_1", "dividend"))
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 11_900


def test_a_dispute_outlives_the_write_off_of_its_amount(make: Any, issued: Any) -> None:
    issued.do(claims.open_dispute, make.dispute(4_000))
    issued.do(invoices.write_off, write_off())
    assert issued.state(INVOICE, "inv_1").disputed_minor == 0
    issued.do(invoices.reverse_write_off, ReverseWriteOff("inv_1", "dividend"))
    assert issued.state(INVOICE, "inv_1").disputed_minor == 4_000
