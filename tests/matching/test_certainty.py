"""Properties of judgements: nothing is booked above what is open, or where two sets explain the line equally well."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from encours.testing.transfers import firm
from invoice_svc.matching.judgement import judge
from invoice_svc.matching.open_items import OpenItems, PayableItem, Payer

DAY = date(2026, 6, 12)
LINE = firm(1, lines=1, invoices=5, debtors=2).transfers[0].line
TEXTS = st.sampled_from(
    ["", "VIR", "FAC-2026-000001", "FACTURES 1 ET 2", "FAC-2026-000009", "ACOMPTE FACTURE 3"]
)


def index(amounts: list[int]) -> OpenItems:
    items = [
        PayableItem(f"inv_{n}", f"FAC-2026-{n:06d}", "cus_1", DAY, DAY - timedelta(days=40 - n), amount)
        for n, amount in enumerate(amounts, 1)
    ]
    return OpenItems.of(items, [Payer("cus_1", ("Dupont",), frozenset(["FR1"]))])


@given(st.lists(st.integers(1, 6), min_size=1, max_size=7), st.integers(1, 30), TEXTS)
def test_what_is_booked_is_open_and_just_the_amount(amounts: list[int], amount: int, text: str) -> None:
    line = replace(
        LINE, amount_minor=amount, remittance_text=text or None, party_account="FR1", party_name=None, booked_on=DAY,
        creditor_reference=None,
    )  # fmt: skip
    judgement = judge(line, index(amounts))
    if judgement.is_certain:
        paid = {share.invoice_id: share.amount_minor for share in judgement.proposals[0].shares}
        assert sum(paid.values()) == amount
        assert all(0 < minor <= amounts[int(each[4:]) - 1] for each, minor in paid.items())


@given(st.lists(st.integers(1, 6), min_size=1, max_size=7), st.integers(1, 30))
def test_without_a_text_two_sets_of_the_same_sum_book_nothing(amounts: list[int], amount: int) -> None:
    line = replace(
        LINE, amount_minor=amount, remittance_text=None, party_account="FR1", party_name=None, booked_on=DAY,
        creditor_reference=None,
    )  # fmt: skip
    sets = [
        chosen
        for mask in range(1, 2 ** len(amounts))
        if sum(chosen := [each for n, each in enumerate(amounts) if mask >> n & 1]) == amount
    ]
    assert len(sets) == 1 or not judge(line, index(amounts)).is_certain
