"""Payments in another currency than the invoice: both amounts, the rate, and the difference against the books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from encours.contracts.books import movements
from encours.kernel.errors import DomainError
from encours.kernel.money import Money
from invoice_svc.domain.invoice.commands import AmendInvoice
from invoice_svc.domain.invoice.credit.correction import CorrectInvoice, correction_id
from invoice_svc.domain.loss.write_off import WriteOffInvoice
from invoice_svc.domain.payment.commands import (
    AgreedRate,
    AllocatePayment,
    Instruction,
    ReleasePayment,
    ReversePayment,
)
from invoice_svc.domain.rate.commands import PublishRates
from invoice_svc.domain.rate.state import rates_id
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.http.payments.answers import PaymentOut
from invoice_svc.http.payments.bodies import AllocateBody
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import payments, rates, reversals
from invoice_svc.use_cases.sales import corrections, credits, invoices

TINY = AgreedRate("USD", "EUR", "10000", "x", confirmed=True)
BANK = AgreedRate("USD", "EUR", "0.93", "Bank advice 4711")


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def published(base: str, quote: str, *by_day: tuple[date, str]) -> PublishRates:
    return PublishRates(rates_id("ent_1", base, quote), "ent_1", base, quote, "ECB", by_day)


@pytest.fixture
def abroad(firm: Any, make: Any) -> Any:
    """120.00 USD of 1 June at 0.90 EUR, and 200.00 EUR of 10 June, unapplied, when the rate was 0.95."""
    firm.do(rates.publish, published("USD", "EUR", (day(1), "0.90"), (day(10), "0.95")))
    firm.do(invoices.draft, make.at_once(make.draft(currency="USD"), day(1)))
    firm.do(payments.receive, make.receipt(amount=20_000, on=day(10), allocations=()))
    return firm


def allocate(firm: Any, *asked: Instruction, payment: str = "pay_1") -> None:
    firm.do(payments.allocate, AllocatePayment(payment, asked))


@contextmanager
def refusal(code: str) -> Iterator[Any]:
    with pytest.raises(DomainError) as refused:
        yield refused
    assert refused.value.code == code


def shown(firm: Any, payment: str = "pay_1") -> Any:
    return PaymentOut.of(firm.state(PAYMENT, payment), 1, day(30))


def balances(firm: Any) -> dict[str, list[int]]:
    """Item, cash and account by currency, and what exchange has brought."""
    found: dict[str, list[int]] = {}
    for event in firm.ledger.events:
        for moved in movements(event):
            sums = found.setdefault(moved.currency, [0, 0, 0, 0])
            for n, name in enumerate(("item", "cash", "account", "exchange")):
                sums[n] += getattr(moved, f"{name}_minor")
        assert all(item - cash == account for item, cash, account, _ in found.values())
    return found


def test_the_amount_of_the_invoice_uses_of_the_payment_by_the_rate_of_its_day(abroad: Any) -> None:
    allocate(abroad, Instruction("inv_1", 12_000, "USD"))
    found = shown(abroad)
    (allocation,) = found["allocations"]
    assert (allocation["amount"], allocation["settled"]) == (
        {"amount": "114.00", "currency": "EUR"},
        {"amount": "120.00", "currency": "USD"},
    )
    assert allocation["exchange"] == {
        "base": "USD", "quote": "EUR", "rate": "0.95", "on": "2026-06-10", "source": "ECB", "agreed": False,
    }  # fmt: skip
    assert found["unapplied"] == {"amount": "86.00", "currency": "EUR"}
    invoice = InvoiceOut.of(abroad.state(INVOICE, "inv_1"), 1, day(30))
    assert (invoice["outstanding"], invoice["status"]["settlement"]) == (
        {"amount": "0.00", "currency": "USD"},
        "paid",
    )
    assert (invoice["payments"][0]["amount"], invoice["payments"][0]["paid"]) == (
        {"amount": "120.00", "currency": "USD"},
        {"amount": "114.00", "currency": "EUR"},
    )
    # 120.00 USD were 108.00 EUR when they were invoiced.
    assert [each["amount"] for each in invoice["exchange_differences"]] == [
        {"amount": "6.00", "currency": "EUR"}
    ]
    assert balances(abroad) == {"USD": [0, 0, 0, 0], "EUR": [0, 8_600, -8_600, 600]}


def test_an_amount_of_the_payment_settles_by_the_rate(abroad: Any) -> None:
    allocate(abroad, Instruction("inv_1", 5_000, "EUR"))
    (allocation,) = shown(abroad)["allocations"]
    assert (allocation["amount"]["amount"], allocation["settled"]["amount"]) == ("50.00", "52.63")
    assert abroad.state(INVOICE, "inv_1").outstanding_minor == 12_000 - 5_263


def test_the_rate_that_the_bank_agreed_comes_before_the_published_one(abroad: Any) -> None:
    allocate(abroad, Instruction("inv_1", 12_000, "USD", BANK))
    (allocation,) = shown(abroad)["allocations"]
    assert (allocation["amount"]["amount"], allocation["exchange"]["agreed"]) == ("111.60", True)
    assert (allocation["exchange"]["on"], allocation["exchange"]["source"]) == (
        "2026-06-10",
        "Bank advice 4711",
    )
    difference = abroad.stream("inv_1")[-1].data
    assert (difference.amount_minor, difference.paid_currency, difference.paid_minor) == (360, "EUR", 11_160)
    assert (difference.payment_rate, difference.payment_rate_source) == ("1", "Bank advice 4711")


@pytest.mark.parametrize("pair", [("EUR", "USD", "1.0526"), ("USD", "EUR", "0.9500")])
def test_a_rate_is_given_either_way_round(abroad: Any, pair: tuple[str, str, str]) -> None:
    allocate(abroad, Instruction("inv_1", 12_000, "USD", AgreedRate(*pair, "bank")))
    assert shown(abroad)["allocations"][0]["amount"]["amount"] == "114.00"


def test_without_a_rate_the_error_names_pair_and_day(abroad: Any, make: Any) -> None:
    abroad.do(payments.receive, make.receipt("pay_2", 9_000, day(10), currency="GBP", allocations=()))
    with refusal("exchange-rate-missing") as refused:
        allocate(abroad, Instruction("inv_1", 1_000, "USD"), payment="pay_2")
    assert "No rate of GBP/USD is published for 2026-06-10" in refused.value.detail
    assert refused.value.errors[0].pointer == "/allocations/0/exchange"


def test_a_rate_that_is_too_old_is_missing(abroad: Any, make: Any) -> None:
    abroad.do(payments.receive, make.receipt("pay_2", 9_000, day(12, 7), allocations=()), today=day(12, 7))
    with refusal("exchange-rate-missing") as refused:
        abroad.do(
            payments.allocate,
            AllocatePayment("pay_2", (Instruction("inv_1", 1_000, "USD"),)),
            today=day(12, 7),
        )
    assert "the last is of 2026-06-10" in refused.value.detail


def test_a_rate_the_wrong_way_round_has_to_be_confirmed(abroad: Any, make: Any) -> None:
    wrong = AgreedRate("EUR", "USD", "0.95", "bank")
    with refusal("exchange-rate-deviates") as refused:
        allocate(abroad, Instruction("inv_1", 12_000, "USD", wrong))
    assert "9.75 % off the rate of 2026-06-10, 1.05263 (ECB)" in refused.value.detail
    allocate(
        abroad, Instruction("inv_1", 12_000, "USD", AgreedRate("EUR", "USD", "0.95", "bank", None, True))
    )
    assert shown(abroad)["allocations"][0]["amount"]["amount"] == "126.32"


@pytest.mark.parametrize(
    ("asked", "code", "pointer"),
    [
        (Instruction("inv_1", 9, "GBP"), "currency-mismatch", "amount/currency"),
        (Instruction("inv_1", 9, "USD", AgreedRate("GBP", "EUR", "1", "x")), "invalid-request", "exchange"),
        (
            Instruction("inv_1", 9, "USD", AgreedRate("USD", "EUR", "0", "x")),
            "invalid-request",
            "exchange/rate",
        ),
        (Instruction("inv_1", 1, "EUR", TINY), "invalid-request", "amount"),
        (Instruction("inv_2", 9, "EUR", BANK), "invalid-request", "exchange"),
        (Instruction("inv_2", 9, "USD"), "currency-mismatch", "amount/currency"),
    ],
)
def test_what_cannot_be_converted_is_refused_where_it_was_written(
    abroad: Any, make: Any, asked: Instruction, code: str, pointer: str
) -> None:
    abroad.do(invoices.draft, make.at_once(make.draft("inv_2"), day(1)))
    with pytest.raises(DomainError) as refused:
        allocate(abroad, asked)
    assert (refused.value.code, refused.value.errors[0].pointer) == (code, f"/allocations/0/{pointer}")


def test_more_than_is_outstanding_or_unapplied_is_refused_in_its_own_currency(abroad: Any, make: Any) -> None:
    with refusal("amount-exceeds-outstanding") as refused:
        allocate(abroad, Instruction("inv_1", 12_001, "USD"))
    assert "120.00 USD" in refused.value.detail
    abroad.do(payments.receive, make.receipt("pay_2", 11_399, day(10), allocations=()))
    with refusal("amount-exceeds-unapplied") as refused:
        allocate(abroad, Instruction("inv_1", 12_000, "USD"), payment="pay_2")
    assert "114.00 EUR" in refused.value.detail


def test_release_and_reversal_bring_back_both_amounts_and_the_difference(abroad: Any) -> None:
    allocate(abroad, Instruction("inv_1", 4_000, "USD"))
    abroad.do(payments.release, ReleasePayment("pay_1", None))
    assert balances(abroad) == {"USD": [12_000, 0, 12_000, 0], "EUR": [0, 20_000, -20_000, 0]}
    allocate(abroad, Instruction("inv_1", 12_000, "USD", BANK))
    abroad.do(reversals.reverse, ReversePayment("pay_1", day(12), "AC04"))
    assert balances(abroad) == {"USD": [12_000, 0, 12_000, 0], "EUR": [0, 0, 0, 0]}


def test_a_payment_of_a_third_currency_is_converted_through_the_books(abroad: Any, make: Any) -> None:
    abroad.do(rates.publish, published("EUR", "GBP", (day(2), "0.80")))
    abroad.do(payments.receive, make.receipt("pay_2", 9_000, day(10), currency="GBP", allocations=()))
    allocate(abroad, Instruction("inv_1", 10_000, "USD"), payment="pay_2")
    (allocation,) = shown(abroad, "pay_2")["allocations"]
    assert (allocation["amount"], allocation["exchange"]["on"]) == (
        {"amount": "76.00", "currency": "GBP"},
        "2026-06-02",
    )
    # 76.00 GBP are 95.00 EUR; 100.00 USD were 90.00.
    difference = abroad.stream("inv_1")[-1].data
    assert (difference.amount_minor, difference.payment_rate) == (500, "1.25")


def test_an_invoice_in_the_currency_of_the_books_realises_nothing(abroad: Any, make: Any) -> None:
    abroad.do(invoices.draft, make.at_once(make.draft("inv_2"), day(1)))
    abroad.do(payments.receive, make.receipt("pay_2", 20_000, day(10), currency="USD", allocations=()))
    allocate(abroad, Instruction("inv_2", 12_000, "EUR", BANK), payment="pay_2")
    assert shown(abroad, "pay_2")["allocations"][0]["amount"] == {"amount": "129.03", "currency": "USD"}
    assert not abroad.state(INVOICE, "inv_2").exchange_differences


def test_a_credit_note_frees_the_payment_by_the_rate_of_its_allocation(abroad: Any, make: Any) -> None:
    allocate(abroad, Instruction("inv_1", 12_000, "USD", BANK))
    abroad.do(rates.publish, published("USD", "EUR", (day(12), "0.99")))
    abroad.do(invoices.credit, make.credit(3_600, day(13)), today=day(13))
    (allocation,) = shown(abroad)["allocations"]
    assert (allocation["amount"]["amount"], allocation["settled"]["amount"]) == ("78.12", "84.00")
    assert abroad.state(INVOICE, "inv_1").outstanding_minor == 0
    (difference,) = abroad.state(INVOICE, "inv_1").exchange_differences
    assert difference.amount_minor == 7_812 - 7_560
    assert balances(abroad)["USD"] == [0, 0, 0, 0]


def test_credit_of_payments_in_two_currencies_is_used_and_refunded_in_each(abroad: Any, make: Any) -> None:
    allocate(abroad, Instruction("inv_1", 6_000, "USD", BANK))
    abroad.do(payments.receive, make.receipt("pay_2", 6_000, day(11), currency="USD"), ("inv_1",))
    abroad.do(invoices.credit, make.credit(12_000, day(30), "cre_9"))

    async def find(ledger: str, credit_note_id: str) -> str:
        return "inv_1"

    refund = credits.RefundCredit("cre_9", Money(2_000, "EUR"), "asked")
    abroad.do(credits.refund, refund, find)
    assert (shown(abroad)["refunded"]["amount"], shown(abroad, "pay_2")["refunded"]["amount"]) == (
        "20.00",
        "0.00",
    )
    abroad.do(credits.refund, credits.RefundCredit("cre_9", None, "asked"), find)
    assert [shown(abroad, name)["refunded"] for name in ("pay_1", "pay_2")] == [
        {"amount": "200.00", "currency": "EUR"},
        {"amount": "60.00", "currency": "USD"},
    ]


def test_a_correction_moves_each_part_of_a_payment_at_its_own_rate(abroad: Any, make: Any) -> None:
    allocate(abroad, Instruction("inv_1", 4_000, "USD"))
    allocate(abroad, Instruction("inv_1", 8_000, "USD", exchange=BANK))
    changes = AmendInvoice(correction_id("inv_1"), lines=make.draft(amount="200.00").content.lines)
    abroad.do(corrections.correct, CorrectInvoice("inv_1", "wrong price", changes, issue=True))
    moved = {
        (each["amount"]["amount"], each["settled"]["amount"], each["exchange"]["rate"])
        for each in shown(abroad)["allocations"]
    }
    assert moved == {("38.00", "40.00", "0.95"), ("74.40", "80.00", "0.93")}
    assert shown(abroad)["unapplied"] == {"amount": "87.60", "currency": "EUR"}


def test_a_correction_puts_the_payment_on_the_new_invoice_at_the_same_rate(abroad: Any, make: Any) -> None:
    allocate(abroad, Instruction("inv_1", 12_000, "USD", BANK))
    new = correction_id("inv_1")
    changes = AmendInvoice(new, lines=make.draft(amount="80.00").content.lines)
    abroad.do(corrections.correct, CorrectInvoice("inv_1", "wrong price", changes, issue=True))
    (allocation,) = shown(abroad)["allocations"]
    assert (allocation["invoice_id"], allocation["settled"]["amount"], allocation["amount"]["amount"]) == (
        new, "96.00", "89.28",
    )  # fmt: skip


def test_what_was_written_off_is_paid_in_another_currency_too(abroad: Any) -> None:
    abroad.do(invoices.write_off, WriteOffInvoice("inv_1", None, "lost", None, day(12)), today=day(12))
    abroad.do(
        payments.allocate, AllocatePayment("pay_1", (Instruction("inv_1", 5_000, "USD"),)), today=day(13)
    )
    state = abroad.state(INVOICE, "inv_1")
    assert (state.written_off_minor, state.outstanding_minor) == (7_000, 0)
    assert balances(abroad)["USD"] == [0, 0, 0, 0]


def test_a_bank_text_that_names_an_invoice_in_another_currency_settles_no_other(
    abroad: Any, make: Any
) -> None:
    abroad.do(invoices.draft, make.at_once(make.draft("inv_2"), day(1)))
    named = abroad.state(INVOICE, "inv_1").number
    receipt = make.receipt("pay_2", 12_000, day(10), remittance_text=f"VIR {named}")
    abroad.do(payments.receive, receipt, ("inv_1", "inv_2"))
    assert shown(abroad, "pay_2")["allocations"] == []


def test_a_body_carries_the_agreed_rate() -> None:
    rate = {"base": "USD", "quote": "EUR", "rate": "0.93", "source": "bank"}
    asked = {
        "invoice_id": "inv_" + "0" * 32,
        "amount": {"amount": "1.00", "currency": "USD"},
        "exchange": rate,
    }
    command = AllocateBody.model_validate({"allocations": [asked]}).to_command("pay_1")
    assert command.allocations == (
        Instruction("inv_" + "0" * 32, 100, "USD", AgreedRate("USD", "EUR", "0.93", "bank")),
    )
