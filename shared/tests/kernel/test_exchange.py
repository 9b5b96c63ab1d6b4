"""Conversion by published rates."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.kernel.exchange import QuotedRate, rate_on


def day(number: int) -> date:
    return date(2026, 6, number)


def rate(base: str, quote: str, value: str, on: int = 1, source: str = "ECB") -> QuotedRate:
    return QuotedRate(base, quote, value, day(on), source)


@pytest.mark.parametrize(
    ("base", "quote", "minor", "value", "expected"),
    [("USD", "EUR", 12_345, "0.9", 11_111), ("JPY", "EUR", 1_000, "0.0061", 610), ("EUR", "JPY", 610, "163.93", 1_000),
     ("EUR", "KWD", 100, "0.3345", 335), ("USD", "EUR", -5, "0.5", -3)],
)  # fmt: skip
def test_conversion_knows_the_decimals_of_both_currencies(
    base: str, quote: str, minor: int, value: str, expected: int
) -> None:
    assert rate(base, quote, value).converted(minor, quote) == expected


def test_a_rate_converts_both_ways() -> None:
    found = rate("EUR", "USD", "1.25")
    assert (found.converted(10_000, "USD"), found.converted(12_500, "EUR")) == (12_500, 10_000)
    assert rate("EUR", "JPY", "163.93").converted(1_000, "EUR") == 610


@given(st.integers(-(10**15), 10**15))
def test_a_conversion_is_odd(minor: int) -> None:
    found = rate("USD", "EUR", "0.9137")
    assert found.converted(-minor, "EUR") == -found.converted(minor, "EUR")
    assert found.converted(-minor, "USD") == -found.converted(minor, "USD")


def test_the_last_rate_of_the_pair_or_its_inverse_counts() -> None:
    known = [rate("USD", "EUR", "0.90", 1), rate("EUR", "USD", "1.10", 5), rate("USD", "EUR", "0.92", 5),
             rate("USD", "EUR", "0.99", 9), rate("GBP", "EUR", "1.2", 5)]  # fmt: skip
    assert rate_on(known, "USD", "EUR", day(4)) == known[0]
    assert rate_on(known, "USD", "EUR", day(8)) == known[2]
    assert rate_on(known, "EUR", "USD", day(8)) == known[1]
    assert rate_on(known, "USD", "EUR", date(2026, 5, 31)) is None
    assert rate_on(known, "USD", "GBP", day(8)) is None


def test_two_currencies_are_converted_through_a_third() -> None:
    known = [rate("USD", "EUR", "0.9", 3), rate("EUR", "GBP", "0.75", 5, "BoE")]
    found = rate_on(known, "USD", "GBP", day(9), through="EUR")
    assert found == QuotedRate("USD", "GBP", "0.675", day(3), "USD/EUR 0.9 ECB; EUR/GBP 0.75 BoE")
    assert rate_on(known, "USD", "JPY", day(9), through="EUR") is None
    assert rate_on(known[:1], "USD", "GBP", day(9), through="GBP") is None
