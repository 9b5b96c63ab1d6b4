"""Exchange rates by day, and the differences that payments realise by them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from encours.contracts.books import movements
from encours.kernel.errors import DomainError
from invoice_svc.domain.payment.commands import ReleasePayment, ReversePayment
from invoice_svc.domain.rate import decide
from invoice_svc.domain.rate.commands import PublishRates
from invoice_svc.domain.rate.state import DatedRate, ExchangeRates, fold_as_of, rates_id
from invoice_svc.http.invoices.answers import InvoiceOut
from invoice_svc.http.rates.bodies import ExchangeRatesBody, RateBody
from invoice_svc.use_cases.folds import INVOICE, RATES
from invoice_svc.use_cases.money import payments, rates, reversals
from invoice_svc.use_cases.sales import invoices

PAIR = rates_id("ent_1", "USD", "EUR")
REALISED, REVERSED = "invoice.exchange_difference_realised", "invoice.exchange_difference_reversed"


def day(number: int, month: int = 6) -> date:
    return date(2026, month, number)


def published(*by_day: tuple[date, str], source: str = "ECB") -> PublishRates:
    return PublishRates(PAIR, "ent_1", "USD", "EUR", source, by_day)


@pytest.fixture
def abroad(firm: Any, make: Any) -> Any:
    """120.00 USD of 1 June, at 0.90 EUR; 0.95 from 10 June."""
    firm.do(rates.publish, published((day(1), "0.90"), (day(10), "0.95")))
    firm.do(invoices.draft, make.at_once(make.draft(currency="USD"), day(1)))
    return firm


def differences(firm: Any) -> list[tuple[str, int]]:
    return [(e.type, e.data.amount_minor) for e in firm.stream("inv_1") if "exchange" in e.type]


def test_a_payment_at_another_rate_than_the_issue_realises_the_difference(abroad: Any, make: Any) -> None:
    abroad.do(payments.receive, make.receipt(amount=12_000, on=day(12), currency="USD"), ("inv_1",))
    assert differences(abroad) == [(REALISED, 600)]
    found = abroad.stream("inv_1")[-1]
    assert (found.effective_on, found.data.currency, found.data.settled_minor) == (day(12), "EUR", 12_000)
    assert (found.data.issue_rate, found.data.payment_rate, found.data.payment_rate_on) == (
        "0.90",
        "0.95",
        day(10),
    )
    assert [(moved.currency, moved.exchange_minor, moved.account_minor) for moved in movements(found)] == [
        ("EUR", 600, 0)
    ]
    shown = InvoiceOut.of(abroad.state(INVOICE, "inv_1"), 1, day(12))["exchange_differences"]
    assert [each["amount"] for each in shown] == [{"amount": "6.00", "currency": "EUR"}]


def test_parts_realise_their_own_differences_which_go_with_them(abroad: Any, make: Any) -> None:
    abroad.do(payments.receive, make.receipt("pay_1", 6_000, day(5), currency="USD"), ("inv_1",))
    abroad.do(payments.receive, make.receipt("pay_2", 6_000, day(10), currency="USD"), ("inv_1",))
    assert differences(abroad) == [(REALISED, 300)]
    abroad.do(reversals.reverse, ReversePayment("pay_2", day(12), "returned"), today=day(12))
    assert differences(abroad) == [(REALISED, 300), (REVERSED, 300)]
    assert abroad.state(INVOICE, "inv_1").exchange_differences == ()
    abroad.do(payments.release, ReleasePayment("pay_1", None), today=day(13))
    assert len(differences(abroad)) == 2


def test_in_the_entitys_own_currency_or_without_rates_there_is_none(firm: Any, make: Any) -> None:
    firm.do(invoices.draft, make.at_once(make.draft(), day(1)))
    firm.do(invoices.draft, make.at_once(make.draft("inv_2", currency="USD"), day(1)))
    for n, currency in ((1, "EUR"), (2, "USD")):
        receipt = make.receipt(f"pay_{n}", 12_000, day(12), currency=currency)
        firm.do(payments.receive, receipt, (f"inv_{n}",))
    assert not [e for e in firm.ledger.events if "exchange" in e.type]


def test_a_rate_counts_from_its_day_and_a_correction_from_its_recording(abroad: Any) -> None:
    before = abroad.state(RATES, PAIR)
    abroad.do(rates.publish, published((day(10), "0.96"), (day(12), "0.97"), source="bank"))
    found = abroad.state(RATES, PAIR)
    in_force = [found.in_force(day(n)) for n in (9, 10, 11, 12)]
    assert [rate and rate.rate for rate in in_force] == ["0.90", "0.96", "0.96", "0.97"]
    assert found.in_force(date(2026, 5, 31)) is None
    assert before.in_force(day(12)) == DatedRate(day(10), "0.95", "ECB")
    assert fold_as_of(abroad.stream(PAIR), day(11)).in_force(day(30)) == DatedRate(day(10), "0.96", "bank")
    known = len(abroad.ledger.events)
    abroad.do(rates.publish, published((day(12), "0.97"), source="bank"))
    assert len(abroad.ledger.events) == known


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"quote": "USD"}, "/quote"),
        ({"quote": "XXX"}, "/quote"),
        ({"base": "ZZZ"}, "/base"),
        ({"rates": [{"on": "2026-06-01", "rate": "0"}]}, "/rates/0/rate"),
        ({"rates": [{"on": "2026-06-01", "rate": "1"}, {"on": "2027-06-01", "rate": "1"}]}, "/rates/1/on"),
        ({"rates": [{"on": "2026-06-01", "rate": "1"}, {"on": "2026-06-01", "rate": "2"}]}, "/rates/1/rate"),
    ],
)
def test_a_rate_that_cannot_be_is_refused_where_it_was_written(
    firm: Any, fields: dict[str, Any], pointer: str
) -> None:
    usual = {"entity_id": "ent_" + "0" * 32, "base": "USD", "quote": "EUR", "source": "ECB"}
    body = {"rates": [{"on": "2026-06-01", "rate": "0.9"}]}
    wanted = ExchangeRatesBody.model_validate(usual | body | fields).to_command()
    with pytest.raises(DomainError) as refused:
        decide.publish(ExchangeRates(), wanted, day(30))
    assert refused.value.errors[0].pointer == pointer


def test_a_rate_that_is_sent_twice_is_published_once() -> None:
    twice = published((day(1), "0.90"), (day(1), "0.9"))
    (event,) = decide.publish(ExchangeRates(), twice, day(30))
    assert event.rate == "0.90"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("0.000035821", "0.000035821"),
        (3.5821e-05, "0.000035821"),
        (1, "1"),
        ("-1", None),
        ("1e3", None),
        (True, None),
    ],
)
def test_a_rate_has_the_decimals_that_small_units_need(given: Any, read: str | None) -> None:
    body = {"on": "2026-06-01", "rate": given}
    if read is None:
        with pytest.raises(ValidationError):
            RateBody.model_validate(body)
    else:
        assert RateBody.model_validate(body).rate == read
