"""Sums of documents with discounts, charges and VAT categories, against the official examples of EN 16931."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.kernel.errors import Invalid
from encours.kernel.money import parse_amount
from invoice_svc.domain.amounts.adjustments import AdjustmentInput, as_input
from invoice_svc.domain.amounts.sums import InvoiceSums, LineInput, line_input, reckon

VECTORS = json.loads(Path(__file__).with_name("en16931_vectors.json").read_text(encoding="utf-8"))["invoices"]


def adjustment(kind: Any, amount: str, *vat: Any) -> AdjustmentInput:
    rate, category = vat or ("0", None)
    return AdjustmentInput(kind, "agreed", amount, vat_rate=rate, vat_category=category)


def reckoned(vector: Any) -> InvoiceSums:
    lines = [
        LineInput(
            "item",
            line["quantity"],
            line["unit_price"],
            line["vat_rate"],
            vat_category=line["vat_category"],
            adjustments=tuple(adjustment(*each) for each in line["adjustments"]),
        )
        for line in vector["lines"]
    ]
    return reckon(lines, vector["currency"], [adjustment(*each) for each in vector["adjustments"]])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["file"])
def test_the_sums_are_those_of_the_official_examples(vector: Any) -> None:
    sums = reckoned(vector)

    def minor(text: str) -> int:
        return parse_amount(text, vector["currency"])

    assert [each.net_minor for each in sums.lines] == [minor(line["net"]) for line in vector["lines"]]
    stated = vector["totals"]
    signed = {"allowance": 0, "charge": 0}
    for each in sums.adjustments:
        signed[each.kind] += each.amount_minor
    assert (signed["allowance"], signed["charge"]) == (minor(stated["allowances"]), minor(stated["charges"]))
    assert (sums.net_minor, sums.vat_minor, sums.total_minor) == tuple(
        minor(stated[name]) for name in ("net", "vat", "total")
    )
    assert sorted((s.category, s.rate_bps, s.net_minor, s.vat_minor) for s in sums.vat) == sorted(
        (category, int(Fraction(rate) * 100), minor(net), minor(vat))
        for category, rate, net, vat in vector["vat"]
    )


def line(price: str, rate: str = "20", quantity: str = "1", **more: Any) -> LineInput:
    return LineInput("work", quantity, price, rate, **more)


def test_a_percentage_is_of_price_times_quantity_on_a_line_and_of_the_lines_on_the_document() -> None:
    tenth = AdjustmentInput("allowance", "agreed", percent="10")
    sums = reckon(
        [line("33.35", quantity="3", adjustments=(tenth,))],
        "EUR",
        [AdjustmentInput("charge", "freight", percent="5", vat_rate="20")],
    )
    assert sums.lines[0].net_minor == 10_005 - 1_001
    assert (sums.adjustments[0].amount_minor, sums.adjustments[0].base_minor) == (450, 9_004)
    assert (sums.net_minor, sums.vat_minor) == (9_454, 1_891)


def test_exempt_and_zero_rated_amounts_of_one_rate_stay_apart() -> None:
    sums = reckon([line("10", "0", vat_category="E"), line("5", "0"), line("1", "0", quantity="-2")], "EUR")
    assert [(s.category, s.net_minor, s.vat_minor) for s in sums.vat] == [("E", 1_000, 0), ("Z", 300, 0)]


@pytest.mark.parametrize(
    ("lines", "adjustments", "pointer"),
    [
        ([line("1", "0", vat_category="S")], [], "/lines/0/vat_rate"),
        ([line("1"), line("1", "20", vat_category="AE")], [], "/lines/1/vat_rate"),
        ([line("1", adjustments=(AdjustmentInput("charge", "x"),))], [], "/lines/0/charges/0/amount"),
        ([line("1", adjustments=(AdjustmentInput("charge", "x", "1", "1"),))], [], "/lines/0/charges/0/amount"),
        ([line("1")], [AdjustmentInput("charge", "x", "1"), AdjustmentInput("allowance", "x", "1.001")],
         "/allowances/0/amount"),
        ([line("1")], [AdjustmentInput("allowance", "x", percent="101")], "/allowances/0/percent"),
        ([line("1")], [AdjustmentInput("allowance", "x", percent="1", base="?")], "/allowances/0/base"),
    ],
)  # fmt: skip
def test_a_faulty_rate_or_adjustment_is_refused_by_its_pointer(
    lines: list[LineInput], adjustments: list[AdjustmentInput], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        reckon(lines, "EUR", adjustments)
    assert refused.value.errors[0].pointer == pointer


hundredths = st.integers(0, 2_000).map(lambda n: f"{n // 100}.{n % 100:02d}")
adjusted = st.one_of(
    st.builds(AdjustmentInput, st.sampled_from(["allowance", "charge"]), st.just("x"), amount=hundredths),
    st.builds(
        AdjustmentInput,
        st.sampled_from(["allowance", "charge"]),
        st.just("x"),
        percent=hundredths,
        base=st.one_of(st.none(), hundredths),
        vat_rate=st.sampled_from(["0", "5.5", "20"]),
    ),
)
sold = st.builds(
    line, hundredths, st.sampled_from(["0", "5.5", "20"]), st.sampled_from(["1", "2.5", "-1"]),
    adjustments=st.lists(adjusted, max_size=2).map(tuple),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(sold, min_size=1, max_size=5), st.lists(adjusted, max_size=3))
def test_sums_are_those_of_a_count_with_fractions_and_the_same_when_asked_again(
    lines: list[LineInput], adjustments: list[AdjustmentInput]
) -> None:
    sums = reckon(lines, "EUR", adjustments)
    nets: dict[tuple[Any, ...], int] = {}
    parts = [(each.vat_category, each.vat_rate_bps, each.net_minor) for each in sums.lines]
    parts += [(each.vat_category, each.vat_rate_bps, each.signed_minor) for each in sums.adjustments]
    for *key, minor in parts:
        nets[tuple(key)] = nets.get(tuple(key), 0) + minor
    assert {(s.category, s.rate_bps): s.net_minor for s in sums.vat} == nets
    for share in sums.vat:
        assert abs(
            Fraction(share.vat_minor) - Fraction(share.net_minor * share.rate_bps, 10_000)
        ) <= Fraction(1, 2)
    lines_minor = sum(each.net_minor for each in sums.lines)
    again = reckon(
        [line_input(each, "EUR") for each in sums.lines],
        "EUR",
        [as_input(each, "EUR", lines_minor) for each in sums.adjustments],
    )
    assert again == sums
