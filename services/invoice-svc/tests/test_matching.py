"""Rules of matching bank lines with open items, given the items, when the line comes, then what it pays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.parties import Roles
from encours.testing.transfers import firm
from invoice_svc.matching.announced import AnnouncedItem, AnnouncedPayment
from invoice_svc.matching.judgement import Judgement, judge
from invoice_svc.matching.open_items import OpenItems, PayableItem, Payer


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


DAY = date(2026, 6, 12)
LINE = firm(1, lines=1, invoices=5, debtors=2).transfers[0].line


def item(n: int, minor: int, customer_id: str = "cus_1", due: int = 0) -> PayableItem:
    return PayableItem(
        f"inv_{n}", f"FAC-2026-{n:06d}", customer_id, date(2026, 5, 1), DAY + timedelta(days=due), minor
    )


DUPONT = Payer("cus_1", ("Dupont SARL",), frozenset(["FR1"]))
FILS = Payer("cus_2", ("Dupont Fils",), roles=(Roles(date.min, 1, "cus_1"),))
MARTIN = Payer("cus_3", ("Martin SA",), frozenset(["FR3"]))


def judged(minor: int, text: str | None, *items: PayableItem, **more: Any) -> Judgement:
    advices = more.pop("advices", ())
    values = {
        "party_name": "DUPONT",
        "party_account": None,
        "creditor_reference": None,
        "booked_on": DAY,
    } | more
    line = replace(LINE, amount_minor=minor, remittance_text=text, **values)
    return judge(line, OpenItems.of(items, [DUPONT, FILS, MARTIN]), advices)


def booked(judgement: Judgement) -> list[tuple[str, int]]:
    assert judgement.is_certain
    return sorted((share.invoice_id, share.amount_minor) for share in judgement.proposals[0].shares)


A, B, C = item(1, 10_000), item(2, 20_050), item(12345, 30_099)


@pytest.mark.parametrize(
    "text",
    [
        "FACTURES 1 ET 2", "FAC-2026-000001 FAC-2026-000002", "FAC2026000001+FAC2026000002", "FAC-2026-000001 000002",
        "FACT 1/2", "FACTURES FAC-2026-000001 A FAC-2026-000002", "2026000001 2026000002",
    ],
)  # fmt: skip
def test_several_numbers_are_paid_together(text: str) -> None:
    assert booked(judged(30_050, text, A, B, C)) == [("inv_1", 10_000), ("inv_2", 20_050)]


@pytest.mark.parametrize("text", ["VIR FAC-2026-0123", "FACTURE 2026-01234", "12345", "VIRFAC2026012345X"])
def test_a_number_in_part_is_enough_if_the_amount_confirms_it(text: str) -> None:
    assert booked(judged(30_099, text, A, B, C)) == [("inv_12345", 30_099)]
    assert not judged(30_098, text, A, B, C).is_certain


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"party_name": "Martin SA"}, "payer_differs"),
        ({"party_name": "X", "party_account": "FR3"}, "payer_differs"),
        ({"party_name": None}, "amount_equal"),
    ],
)
def test_a_right_number_without_its_payer_is_proposed(more: dict[str, Any], rule: str) -> None:
    judgement = judged(10_000, "FAC-2026-000001", A, B, **more)
    assert not judgement.is_certain
    assert rule in [reason.rule for each in judgement.proposals for reason in each.reasons]


def test_the_payer_of_a_customer_pays_its_invoices() -> None:
    theirs = item(3, 7_000, "cus_2")
    judgement = judged(7_000, "FAC-2026-000003", theirs, A)
    assert (booked(judgement), judgement.proposals[0].customer_id) == ([("inv_3", 7_000)], "cus_1")


def test_charges_that_the_bank_states_and_parts_that_the_debtor_names_explain_the_amount() -> None:
    assert booked(judged(9_500, "FAC-2026-000001", A, B, charges_minor=500)) == [("inv_1", 9_500)]
    assert booked(judged(3_000, "ACOMPTE FACTURE FAC-2026-000001", A, B)) == [("inv_1", 3_000)]
    assert not judged(9_500, "FAC-2026-000001", A, B).is_certain


@pytest.mark.parametrize(
    ("minor", "items", "found"),
    [
        (10_000, (A, B), ["inv_1"]),
        (30_050, (A, B, item(3, 40_000, due=9)), ["inv_1", "inv_2"]),
        (50_149, (A, item(4, 55), C, B), ["inv_12345", "inv_2"]),
        (10_000, (A, item(3, 10_000), B), None),
        (30_050, (A, B, item(3, 30_050)), None),
    ],
)
def test_an_amount_alone_is_enough_if_one_set_has_it(
    minor: int, items: tuple[PayableItem, ...], found: list[str] | None
) -> None:
    judgement = judged(minor, None, *items)
    assert judgement.is_certain is (found is not None)
    if found:
        assert [each for each, _ in booked(judgement)] == sorted(found)


def test_an_account_that_a_match_has_taught_identifies_the_payer() -> None:
    line = replace(
        LINE, amount_minor=10_000, remittance_text=None, party_name="X", party_account="FR9", booked_on=DAY,
        creditor_reference=None,
    )  # fmt: skip
    index = OpenItems.of([A, B], [DUPONT])
    assert not judge(line, index).is_certain
    index.learn("FR9", "cus_1")
    assert judge(line, index).is_certain


def advised(total: int, *items: AnnouncedItem, **more: Any) -> AnnouncedPayment:
    return AnnouncedPayment(
        "adv_1", "ent_1", "cus_1", "EUR", total, DAY, items, references=("AVIS-77",), **more
    )


def test_an_advice_explains_the_amount_that_it_announces_and_no_other() -> None:
    advice = advised(25_000, AnnouncedItem(10_000, "inv_1"), AnnouncedItem(15_000, written="2026-2"))
    assert booked(judged(25_000, "VIR AVIS77", A, B, party_name=None, advices=[advice])) == [
        ("inv_1", 10_000),
        ("inv_2", 15_000),
    ]
    assert not judged(24_999, "VIR AVIS77", A, B, advices=[advice]).is_certain
    assert not judged(25_000, "VIR", A, B, party_name=None, advices=[advice]).is_certain
    assert not judged(25_000, "VIR AVIS77", A, B, party_name="Martin SA", advices=[advice]).is_certain
    late = advised(10_000, AnnouncedItem(10_000, "inv_2"), expires_on=DAY - timedelta(days=1))
    assert booked(judged(10_000, "VIR AVIS77", A, B, advices=[late])) == [("inv_1", 10_000)]
