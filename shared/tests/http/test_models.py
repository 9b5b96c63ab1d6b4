"""Building blocks of bodies: money, dates and ids take what they should and say what to change otherwise."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from encours.http.models import (
    Body,
    BusinessDate,
    Id,
    MoneyModel,
    NonNegativeMoney,
    PositiveMoney,
    money_json,
)
from encours.http.problems import faults

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["amount", "currency", "x"]), inner, max_size=3)
    ),
)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_money_is_read_as_it_is_written(minor: int, currency: str) -> None:
    read = MoneyModel.model_validate(money_json(minor, currency))
    assert read.minor == minor
    assert read == MoneyModel.of(minor, currency)


@pytest.mark.parametrize(
    ("value", "pointer", "says"),
    [
        ({"amount": "1.005", "currency": "EUR"}, "/amount", "EUR has 2 decimals"),
        ({"amount": "1.5", "currency": "JPY"}, "/amount", "JPY has 0 decimals"),
        ({"amount": "1", "currency": "XXQ"}, "/currency", "ISO 4217"),
        ({"amount": "12345678901234567890", "currency": "EUR"}, "/amount", "decimal string"),
        ({"amount": "9999999999999999.99", "currency": "EUR"}, "/amount", "beyond"),
        ({"amount": "1e3", "currency": "EUR"}, "/amount", "decimal string"),
        ({"amount": "0.00", "currency": "EUR"}, "/amount", "above zero"),
        ({"amount": "-1.00", "currency": "EUR"}, "/amount", "above zero"),
        ({"amount": 1, "currency": "EUR"}, "/amount", "double quotes"),
        ({"amount": "1.00"}, "/currency", "required"),
        ({"amount": "1.00", "currency": "EUR", "cents": 1}, "/cents", "no such field"),
        (None, "", "braces"),
    ],
)
def test_what_is_no_positive_amount_is_refused_with_its_place(value: Any, pointer: str, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        PositiveMoney.model_validate(value)
    (fault,) = faults(refused.value.errors(), place="body")
    assert fault["pointer"] == pointer
    assert says in fault["detail"]


def test_zero_is_not_negative() -> None:
    assert NonNegativeMoney.model_validate({"amount": "0", "currency": "EUR"}).minor == 0
    with pytest.raises(ValidationError):
        NonNegativeMoney.model_validate({"amount": "-0.01", "currency": "EUR"})


class Everything(Body):
    amount: PositiveMoney
    on: BusinessDate
    id: Annotated[str, Id("inv")]


@given(st.dictionaries(st.sampled_from(["amount", "on", "id", "more"]), ANYTHING))
def test_no_value_does_worse_than_be_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Everything.model_validate(value)
    assert all(
        fault["pointer"].startswith("/") and fault["detail"]
        for fault in faults(refused.value.errors(), place="body")
    )


@pytest.mark.parametrize(
    "value", [0, 1767225600, 1.5, True, None, "2026-01-01T00:00:00Z", "1767225600", "2026-13-01"]
)
def test_a_business_date_is_a_day_as_text(value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(BusinessDate).validate_python(value)


def test_the_schema_has_the_patterns() -> None:
    schema = Everything.model_json_schema()
    assert schema["properties"]["id"]["pattern"] == "^inv_[0-9a-f]{32}$"
    assert schema["properties"]["on"]["format"] == "date"
    assert (
        schema["$defs"]["PositiveMoney"]["properties"]["amount"]["pattern"] == r"^[0-9]{1,16}(\.[0-9]{1,3})?$"
    )
