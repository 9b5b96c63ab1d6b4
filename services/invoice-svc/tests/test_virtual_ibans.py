"""Virtual IBANs: one customer holds each on a day, and money sent to it is that customer's, whoever sends it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.parties import Roles
from encours.kernel.errors import Invalid
from encours.testing.bank_files import IBAN, Booked, camt
from encours.testing.transfers import firm as seeded
from invoice_svc.bank.reading import read
from invoice_svc.domain.bank_account.state import OwnAccount
from invoice_svc.domain.bank_statement.decide import recorded
from invoice_svc.domain.bank_statement.identity import identify
from invoice_svc.domain.entity.commands import AmendEntity
from invoice_svc.domain.virtual_iban.commands import AssignVirtualIban
from invoice_svc.domain.virtual_iban.decide import VirtualIbanIsOwn, VirtualIbanTaken
from invoice_svc.domain.virtual_iban.state import Holding, VirtualIban, holder_on, virtual_iban_id_of
from invoice_svc.matching.judgement import Judgement, judge
from invoice_svc.matching.open_items import OpenItems, PayableItem, Payer
from invoice_svc.use_cases.folds import VIRTUAL_IBAN
from invoice_svc.use_cases.money import virtual_ibans
from invoice_svc.use_cases.parties import customers, entities

VIRTUAL = "FR7630006000019000000000187"
JAN, JUN, DEC = date(2026, 1, 1), date(2026, 6, 1), date(2026, 12, 1)
DAY = date(2026, 6, 12)
LINE = seeded(1, lines=1, invoices=5, debtors=2).transfers[0].line


@pytest.fixture
def two(firm: Any, make: Any) -> Any:
    """A firm with the customers cus_1 and cus_2."""
    firm.do(customers.register, make.customer("cus_2"))
    return firm


def assign(books: Any, customer_id: str, valid_from: date, valid_until: date | None = None) -> VirtualIban:
    books.do(virtual_ibans.assign, AssignVirtualIban(customer_id, VIRTUAL, valid_from, valid_until))
    state: VirtualIban = books.state(VIRTUAL_IBAN, virtual_iban_id_of("ent_1", VIRTUAL))
    return state


def test_one_customer_holds_a_virtual_iban_on_each_day(two: Any) -> None:
    assign(two, "cus_1", JAN)
    with pytest.raises(VirtualIbanTaken, match="assigned to cus_1 from 2026-01-01, without end"):
        assign(two, "cus_2", JUN)
    assign(two, "cus_1", JAN, JUN)
    with pytest.raises(VirtualIbanTaken):
        assign(two, "cus_2", JUN - timedelta(days=1), DEC)
    held = assign(two, "cus_2", JUN, DEC).holdings
    days = (JAN - timedelta(days=1), JAN, JUN - timedelta(days=1), JUN, DEC)
    assert [holder_on(held, day) for day in days] == [None, "cus_1", "cus_1", "cus_2", None]
    with pytest.raises(VirtualIbanTaken):
        assign(two, "cus_1", JAN)


def test_the_same_assignment_changes_nothing_and_an_empty_one_withdraws_it(two: Any) -> None:
    assign(two, "cus_1", JAN)
    before = len(two.ledger.events)
    assert assign(two, "cus_1", JAN).holdings == (Holding("cus_1", JAN),)
    assign(two, "cus_2", JUN, JUN)
    assert len(two.ledger.events) == before
    assert assign(two, "cus_1", JAN, JAN).holdings == ()
    assert assign(two, "cus_2", JAN).holdings == (Holding("cus_2", JAN),)


def test_an_account_of_the_entity_is_no_virtual_iban(two: Any) -> None:
    two.do(entities.amend, AmendEntity("ent_1", iban=VIRTUAL))
    with pytest.raises(VirtualIbanIsOwn):
        assign(two, "cus_1", JAN)
    two.do(entities.amend, AmendEntity("ent_1", iban=IBAN))
    with pytest.raises(Invalid, match="valid_until"):
        assign(two, "cus_1", JUN, JAN)


A = PayableItem("inv_1", "FAC-2026-000001", "cus_1", date(2026, 5, 1), DAY, 10_000)
B = PayableItem("inv_2", "FAC-2026-000002", "cus_2", date(2026, 5, 1), DAY, 10_000)
PAYERS = [
    Payer("cus_1", ("Dupont SARL",), roles=(Roles(date.min, 1, "cus_3"),)),
    Payer("cus_2", ("Martin SA",), frozenset(["FR2"])),
    Payer("cus_3", ("Holding Dupont",)),
]


def judged(holder_id: str | None, text: str = "VIR", **stated: Any) -> Judgement:
    held = {VIRTUAL: [Holding(holder_id, JAN, DEC)]} if holder_id else {}
    values = {
        "party_name": None,
        "party_account": None,
        "creditor_reference": None,
        "booked_on": DAY,
    } | stated
    line = replace(LINE, amount_minor=10_000, remittance_text=text, credited_account=VIRTUAL, **values)
    return judge(line, OpenItems.of([A, B], PAYERS, held))


@pytest.mark.parametrize("stated", [{}, {"party_name": "Martin SA"}, {"party_account": "FR2"}])
@pytest.mark.parametrize(
    ("holder_id", "payer_id", "invoice_id"), [("cus_1", "cus_3", "inv_1"), ("cus_2",) * 2 + ("inv_2",)]
)
def test_money_on_a_virtual_iban_is_of_its_holder_whoever_sends_it(
    stated: dict[str, Any], holder_id: str, payer_id: str, invoice_id: str
) -> None:
    judgement = judged(holder_id, **stated)
    assert judgement.is_certain
    best = judgement.proposals[0]
    assert (best.customer_id, [each.invoice_id for each in best.shares]) == (payer_id, [invoice_id])
    assert [(each.rule, each.points, each.evidence) for each in best.reasons][-1] == (
        "virtual_iban",
        15,
        VIRTUAL,
    )


def test_a_number_of_another_customer_than_the_holder_is_proposed() -> None:
    judgement = judged("cus_2", "FAC-2026-000001", party_name="Holding Dupont")
    assert not judgement.is_certain
    of_other = [each for each in judgement.proposals if each.shares[0].invoice_id == "inv_1"]
    assert of_other
    assert "payer_differs" in {reason.rule for each in of_other for reason in each.reasons}


@pytest.mark.parametrize("booked_on", [JAN - timedelta(days=1), DEC])
def test_a_virtual_iban_names_nobody_outside_of_its_days(booked_on: date) -> None:
    rules = {x.rule for each in judged("cus_1", booked_on=booked_on).proposals for x in each.reasons}
    assert "virtual_iban" not in rules


def mt940(details: str, mark: str = "C") -> bytes:
    fields = (
        ":20:X",
        f":25:{IBAN}",
        ":28C:1/1",
        ":60F:C260601EUR5,",
        f":61:260601{mark}1,NTRFX",
        f":86:{details}",
    )
    return "\n".join((*fields, f":62F:C260601EUR{6 if mark == 'C' else 4},")).encode()


PARTIES = "/TRTP/SEPA/ORDP//NAME/Dupont/IBAN/FR2/BENM//NAME/Lumiere/IBAN/{}/REMI/VIR"


@pytest.mark.parametrize(
    ("data", "credited", "account"),
    [
        (camt([Booked(100, DAY, "VIR", "R1", "Dupont", credited=VIRTUAL)]), VIRTUAL, None),
        (camt([Booked(100, DAY, "VIR", "R1", "Dupont", credited=IBAN)]), None, None),
        (camt([Booked(-100, DAY, "VIR", "R1", "Dupont", credited=VIRTUAL)]), None, VIRTUAL),
        (mt940(PARTIES.format(VIRTUAL)), VIRTUAL, "FR2"),
        (mt940(PARTIES.format(f"{VIRTUAL[:4]} {VIRTUAL[4:]}")), VIRTUAL, "FR2"),
        (mt940(PARTIES.format(IBAN)), None, "FR2"),
        (mt940(PARTIES.format("FR9"), mark="D"), None, "FR9"),
        (mt940("/TRTP/SEPA/IBAN/FR2/NAME/Dupont/REMI/VIR"), None, "FR2"),
    ],
)  # fmt: skip
def test_the_account_that_was_credited_is_kept_if_it_is_another_than_the_statements(
    data: bytes, credited: str | None, account: str | None
) -> None:
    (content,) = read(data)
    (line,) = identify("bac_1", None, content.lines, {})
    event = recorded(line, "bst_1", OwnAccount("bac_1", IBAN, "EUR"), announced=False)
    assert (event.credited_account, event.party_account) == (credited, account)
