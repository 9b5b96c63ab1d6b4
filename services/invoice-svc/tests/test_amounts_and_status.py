"""Sums by EN 16931, and where an invoice stands on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.kernel.errors import Invalid
from invoice_svc.domain.amounts.decimals import decimal_parts, rate_bps
from invoice_svc.domain.amounts.sums import (
    LineInput,
    RateAmounts,
    reckon,
    split_credit,
)
from invoice_svc.domain.invoice.status import InvoiceBalance, status

DUE = date(2026, 3, 31)


def line(quantity: str, unit_price: str, vat_rate: str) -> LineInput:
    return LineInput("work", quantity, unit_price, vat_rate)


def test_the_net_of_a_line_is_rounded_half_up_to_the_cent() -> None:
    sums = reckon([line("3", "0.335", "20"), line("-1", "0.005", "20")], "EUR")
    assert [each.net_minor for each in sums.lines] == [101, -1]


def test_vat_is_reckoned_once_per_rate_on_the_document_and_not_line_by_line() -> None:
    sums = reckon(
        [line("1", "0.12", "20"), line("1", "0.12", "20"), line("1", "0.12", "20"), line("1", "1", "5.5")],
        "EUR",
    )
    assert [(share.rate_bps, share.net_minor, share.vat_minor) for share in sums.vat] == [
        (550, 100, 6),
        (2000, 36, 7),
    ]
    assert (sums.net_minor, sums.vat_minor, sums.total_minor) == (136, 13, 149)


@pytest.mark.parametrize(
    ("currency", "price", "rate", "net_minor", "vat_minor"),
    [
        ("EUR", "33.33", "2.1", 9_999, 210), ("EUR", "33.33", "5.5", 9_999, 550), ("EUR", "33.33", "8.5", 9_999, 850),
        ("EUR", "33.33", "23", 9_999, 2_300), ("JPY", "333", "10", 999, 100), ("TND", "33.333", "19", 99_999, 19_000),
        ("KWD", "0.333", "5", 999, 50),
    ],
)  # fmt: skip
def test_vat_of_three_lines_is_that_of_their_sum_in_the_units_of_the_currency(
    currency: str, price: str, rate: str, net_minor: int, vat_minor: int
) -> None:
    """EN 16931 BR-CO-17. By lines it would be another amount at all but 2.1 %."""
    sums = reckon([line("1", price, rate)] * 3, currency)
    assert (sums.net_minor, sums.vat_minor) == (net_minor, vat_minor)


def test_a_currency_without_cents_is_rounded_to_whole_units() -> None:
    assert reckon([line("1", "100.5", "10")], "JPY").total_minor == 111


def test_quantities_and_prices_are_kept_in_one_canonical_writing() -> None:
    (kept,) = reckon([line("04.50", "10.00", "20.0")], "EUR").lines
    assert (kept.quantity, kept.unit_price, kept.vat_rate_bps) == ("4.5", "10", 2000)
    assert decimal_parts("-0.00", "")[2] == "0"


@pytest.mark.parametrize(
    "text", ["1e3", "١", "", "-", "1.", ".5", "1,5", "NaN", "1.123456789", "1234567890123456"]
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        reckon([line("1", text, "20")], "EUR")


@pytest.mark.parametrize("percent", ["-1", "100.01", "5.555"])
def test_a_vat_rate_lies_between_0_and_100_with_two_decimals(percent: str) -> None:
    with pytest.raises(Invalid):
        rate_bps(percent)


def test_a_credit_is_split_into_net_and_vat_pro_rata() -> None:
    assert split_credit(10_000, [RateAmounts(2_000, 40_000, 8_000)]) == (RateAmounts(2_000, 8_333, 1_667),)


def test_a_rebate_at_a_rate_of_its_own_is_credited_with_the_rest() -> None:
    left = (RateAmounts(0, 10_000, 0), RateAmounts(2_000, -5_000, -1_000))
    assert split_credit(2_000, left) == (RateAmounts(0, 5_000, 0), RateAmounts(2_000, -2_500, -500))
    assert split_credit(4_000, left) == left


def standing(**changes: Any) -> InvoiceBalance:
    values: dict[str, Any] = {
        "document": "issued", "due_on": DUE, "total_minor": 100, "credited_minor": 0, "paid_minor": 0,
        "disputed_minor": 0,
    }  # fmt: skip
    values |= changes
    values["outstanding_minor"] = (
        values["total_minor"] - values["credited_minor"] - values["paid_minor"]
        if values["document"] == "issued"
        else 0
    )
    return InvoiceBalance(**values)


DRAFT, GIVEN_UP = standing(document="draft", due_on=None), standing(document="cancelled", due_on=None)
BEFORE, AFTER = date(2026, 3, 30), date(2026, 4, 12)


@pytest.mark.parametrize(
    ("given_", "on", "axes", "labels"),
    [
        (DRAFT, BEFORE, ("draft", "open", "none"), ("brouillon", "En attente non envoyée")),
        (GIVEN_UP, BEFORE, ("cancelled", "open", "none"), ("annulée", "Annulée")),
        (standing(), BEFORE, ("issued", "open", "not_due"), ("émise", "En attente non envoyée")),
        (standing(), DUE, ("issued", "open", "due"), ("émise", "En attente non envoyée")),
        (standing(), AFTER, ("issued", "open", "overdue"), ("impayée", "Retard 12 jours")),
        (standing(), date(2026, 4, 1), ("issued", "open", "overdue"), ("impayée", "Retard 1 jour")),
        (standing(paid_minor=40), BEFORE, ("issued", "part_paid", "not_due"), ("en cours", "Partiellement payée")),
        (standing(paid_minor=40), AFTER, ("issued", "part_paid", "overdue"), ("impayée", "Retard 12 jours")),
        (standing(paid_minor=100), AFTER, ("issued", "paid", "none"), ("payée", "Payée")),
        (standing(credited_minor=40), BEFORE, ("credited_in_part", "open", "not_due"), ("en cours", "Avoir partiel")),
        (standing(credited_minor=40, paid_minor=60), AFTER, ("credited_in_part", "paid", "none"), ("payée", "Payée")),
        (standing(credited_minor=100), AFTER, ("credited", "paid", "none"), ("payée", "Avoir")),
        (standing(disputed_minor=100), AFTER, ("issued", "open", "disputed"), ("impayée", "Retard 12 jours")),
        (standing(disputed_minor=40), AFTER, ("issued", "open", "overdue"), ("impayée", "Retard 12 jours")),
    ],
)  # fmt: skip
def test_the_status_follows_from_amounts_and_dates(
    given_: InvoiceBalance, on: date, axes: tuple[str, str, str], labels: tuple[str, str]
) -> None:
    found = status(given_, on)
    assert (found.document, found.settlement, found.collection) == axes
    assert (found.business, found.crm) == labels


def test_the_due_date_itself_is_in_time_and_a_paid_invoice_has_no_delay() -> None:
    assert status(standing(), DUE).days_past_due == 0
    assert status(standing(paid_minor=100), AFTER).days_past_due == 0
