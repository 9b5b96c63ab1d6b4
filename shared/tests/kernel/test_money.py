import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.kernel.errors import Invalid
from encours.kernel.money import (
    MAX_MINOR,
    Money,
    ReaderLanguage,
    div_half_up,
    exponent,
    format_amount,
    money_text,
    parse_amount,
    pro_rata,
)

currencies = st.sampled_from(["EUR", "GBP", "JPY", "KWD", "IQD"])


def test_exponents_are_those_of_iso_4217() -> None:
    assert [exponent(code) for code in ("EUR", "JPY", "KWD", "IQD")] == [2, 0, 3, 3]


@pytest.mark.parametrize("code", ["EURO", "eur", "", "XXX", "XAU", "ZZZ"])
def test_a_code_without_minor_unit_is_refused(code: str) -> None:
    with pytest.raises(Invalid):
        exponent(code)


@given(st.integers(-MAX_MINOR, MAX_MINOR), currencies)
def test_an_amount_written_is_the_amount_read(minor: int, currency: str) -> None:
    assert parse_amount(format_amount(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("fr", "1\u202f234\u202f567,89\u00a0EUR"),
        ("en", "1,234,567.89\u00a0EUR"),
        ("de", "1.234.567,89\u00a0EUR"),
    ],
)
def test_an_amount_is_written_for_people_as_their_language_writes_it(
    language: ReaderLanguage, written: str
) -> None:
    assert money_text(123_456_789, "EUR", language) == written
    assert money_text(-123_456_789, "EUR", language) == f"-{written}"
    assert money_text(-1_000, "JPY", language) == f"-{written[:5].replace('234', '000')}\u00a0JPY"
    assert money_text(0, "KWD", language) == f"0{written[9]}000\u00a0KWD"


@pytest.mark.parametrize(
    "text",
    ["", "1e3", "NaN", "1,00", "1.005", " 1", "1.", ".5", "+1", "٣", "99999999999999999999", "--1", "1\n"],
)
def test_what_is_not_an_exact_decimal_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_amount(text, "EUR")


def test_trailing_zeros_beyond_the_exponent_are_the_same_amount() -> None:
    assert parse_amount("240.0000", "EUR") == parse_amount("240", "EUR") == 24000


@pytest.mark.parametrize(
    ("n", "d", "rounded"), [(5, 2, 3), (-5, 2, -3), (4, 2, 2), (1, 3, 0), (2, 3, 1), (0, 7, 0)]
)
def test_halves_are_rounded_up_away_from_zero(n: int, d: int, rounded: int) -> None:
    assert div_half_up(n, d) == rounded


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(any))
def test_shares_add_up_to_the_total_and_differ_from_exact_by_less_than_a_cent(
    total: int, weights: list[int]
) -> None:
    shares = pro_rata(total, weights)
    assert sum(shares) == total
    assert all(
        abs(share * sum(weights) - total * w) < sum(weights) for share, w in zip(shares, weights, strict=True)
    )


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(ValueError, match="cannot add"):
        Money(1, "EUR") + Money(1, "GBP")
    assert str(Money(-5, "EUR") + Money(1, "EUR")) == "-0.04 EUR"
