"""Rules of matching bank lines with open items, given the items, when the line comes, then what it pays."""

from __future__ import annotations

from datetime import date

import pytest

from invoice_svc.matching.announced import AnnouncedItem, AnnouncedPayment


@pytest.mark.parametrize(
    ("texts", "is_named"),
    [(("VIR AVIS adv 2026/77",), True), (("x", "ADV202677"), True), (("ADV-2026",), False), ((), False)],
)
def test_an_advice_is_named_by_its_reference_in_any_spacing(texts: tuple[str, ...], is_named: bool) -> None:
    advice = AnnouncedPayment(
        "adv_1", "ent_1", "cus_1", "EUR", 100, date(2026, 6, 1), (AnnouncedItem(100, "inv_1"),),
        references=("ADV-2026-77", "1"),
    )  # fmt: skip
    assert advice.is_named_in(texts) is is_named
