"""Bank lines from which the payer took a credit off, without a remittance advice: the credit is used with the line."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from encours.contracts.books import movements
from encours.testing.bank_files import IBAN, Booked
from invoice_svc.domain.bank_line.commands import UndoLine
from invoice_svc.domain.entity.commands import AmendEntity
from invoice_svc.domain.payment.allocation import Share
from invoice_svc.domain.payment.commands import AllocatePayment
from invoice_svc.domain.payment.credit_use import divided
from invoice_svc.matching.netting import netted
from invoice_svc.matching.open_items import OpenCredit
from invoice_svc.use_cases.folds import INVOICE, PAYMENT
from invoice_svc.use_cases.money import bank_lines, payments
from invoice_svc.use_cases.parties import entities
from invoice_svc.use_cases.sales import invoices
from tests.matching.lines import import_lines, judge_line, judged, match, open_items

DAY = date(2026, 6, 12)
NUMBER = "FAC-2026-000001"


@pytest.fixture
def bank(issued: Any, make: Any) -> Any:
    """An open invoice of 120.00, and 20.00 of unapplied cash of its debtor."""
    issued.do(entities.amend, AmendEntity("ent_1", iban=IBAN))
    issued.do(payments.receive, make.receipt("pay_1", 2_000, date(2026, 6, 5), allocations=()))
    return issued


def line(minor: int = 10_000, **changes: Any) -> Booked:
    values: dict[str, Any] = {"text": f"VIR {NUMBER}", "reference": "R1", "party": "DUPONT"}
    return Booked(minor, DAY, **(values | changes))


def left(books: Any) -> tuple[int, int]:
    """Outstanding amount of the invoice and unapplied amount of the credit; the books balance."""
    moved = [m for e in books.ledger.events for m in movements(e)]
    assert sum(m.item_minor - m.cash_minor - m.account_minor for m in moved) == 0
    return books.state(INVOICE, "inv_1").outstanding_minor, books.state(PAYMENT, "pay_1").unapplied_minor


@pytest.mark.parametrize(("text", "rule"), [(f"VIR {NUMBER}", "invoice_number"), ("VIR", "only_combination")])
def test_credit_that_the_payer_takes_off_is_used_with_the_line(bank: Any, text: str, rule: str) -> None:
    state = judged(bank, line(text=text))
    assert [(x.rule, x.points) for x in state.booked.reasons] == [
        (rule, 50),
        ("credit_netted", 25),
        ("payer_name", 10),
    ]
    assert left(bank) == (0, 0)
    assert bank.state(PAYMENT, state.booked.payment_id).unapplied_minor == 0
    ((credit),) = state.booked.credits
    assert (credit.payment_id, credit.amount_minor, len(credit.allocation_ids)) == ("pay_1", 2_000, 1)


@pytest.mark.parametrize(
    "changes",
    [{"minor": 10_001}, {"minor": 9_999}, {"party": "MARTIN"}, {"party": None}, {"text": "FACTURE 999"}],
)
def test_credit_takes_the_place_of_no_other_reason(bank: Any, changes: dict[str, Any]) -> None:
    assert judged(bank, line(**changes)).booked is None
    assert left(bank) == (12_000, 2_000)


def test_credit_that_came_after_the_line_was_not_netted(bank: Any, make: Any) -> None:
    bank.do(payments.receive, make.receipt("pay_2", 3_000, date(2026, 6, 20), allocations=()))
    assert judged(bank, line(9_000)).status == "proposed"
    assert judged(bank, line(7_000, reference="R2")).status == "proposed"


def test_a_person_confirms_it_and_undoes_it_with_the_line(bank: Any) -> None:
    state = judged(bank, line(party=None))
    assert [each.amount_minor for each in state.proposals[0].credits] == [2_000]
    before = left(bank)
    line_id = state.stated.line_id
    assert match(bank, line_id, proposal=1).status == "booked"
    assert left(bank) == (0, 0)
    bank.do(bank_lines.undo, UndoLine(line_id, "of another"))
    assert left(bank) == before == (12_000, 2_000)


def test_a_credit_that_was_used_meanwhile_is_not_used_again(bank: Any, make: Any) -> None:
    (line_id,) = import_lines(bank, line())
    index = open_items(bank)
    bank.do(invoices.draft, make.at_once(make.draft("inv_2", amount="10.00"), DAY))
    bank.do(payments.allocate, AllocatePayment("pay_1", (("inv_2", 500),)))
    with pytest.raises(bank_lines.JudgementOutdated):
        judge_line(bank, line_id, index=index)
    assert left(bank) == (12_000, 1_500)


CREDITS = [OpenCredit(f"pay_{n}", "cus_1", minor, DAY) for n, minor in enumerate((100, 250, 250, 1_000))]


@pytest.mark.parametrize(
    ("short", "found"),
    [
        (1_600, [100, 250, 250, 1_000]),
        (100, [100]),
        (350, [100, 250]),
        (600, [100, 250, 250]),
        (0, []),
        (99, []),
        (-100, []),
    ],
)
def test_the_fewest_credits_that_make_the_shortfall_are_taken(short: int, found: list[int]) -> None:
    assert [each.unapplied_minor for each in netted(short, CREDITS)] == found


def test_many_credits_are_taken_alone_in_pairs_or_all() -> None:
    many = [OpenCredit(f"pay_{n}", "cus_1", 2**n, DAY) for n in range(9)]
    assert [len(netted(short, many)) for short in (4, 6, 7, 511)] == [1, 2, 0, 9]


def test_credits_are_used_up_before_the_payment() -> None:
    shares = [Share("inv_1", 150, "debtor_indication", None), Share("inv_2", 100, "debtor_indication", None)]
    parts = divided(shares, [("pay_1", 100), ("pay_2", 70)], "pay_9")
    assert {each: [(x.invoice_id, x.amount_minor) for x in made] for each, made in parts.items()} == {
        "pay_1": [("inv_1", 100)],
        "pay_2": [("inv_1", 50), ("inv_2", 20)],
        "pay_9": [("inv_2", 80)],
    }
