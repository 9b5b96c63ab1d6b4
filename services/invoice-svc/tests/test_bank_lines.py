"""From a bank line to a payment: booked if it is certain, once, and never by a reason alone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from encours.testing.bank_files import IBAN, Booked
from invoice_svc.domain.bank_line.commands import CorrectLine, IgnoreLine, MatchLine, UndoLine
from invoice_svc.domain.bank_line.marks import reference_key
from invoice_svc.domain.entity.commands import AmendEntity, DefineSeries
from invoice_svc.domain.payment.identity import payment_id_of
from invoice_svc.domain.remittance.commands import ReceiveAdvice, StatedItem, WithdrawAdvice
from invoice_svc.domain.remittance.decide import AdviceIsWithdrawn
from invoice_svc.domain.remittance.numbers import AdvisableDocument
from invoice_svc.matching.announced import AnnouncedItem, AnnouncedPayment
from invoice_svc.matching.judgement import Judgement, judge
from invoice_svc.use_cases.folds import ADVICE, BANK_LINE, INVOICE, PAYMENT
from invoice_svc.use_cases.money import advices, bank_lines, payments
from invoice_svc.use_cases.parties import entities
from invoice_svc.use_cases.sales import invoices
from tests.matching.lines import every_invoice, import_lines, judge_line, judged, match, open_items, taken_by

DAY = date(2026, 6, 12)
NUMBER = "FAC-2026-000001"
REFERENCE = "RF29FAC2026000001"


@pytest.fixture
def bank(issued: Any) -> Any:
    """A firm with an account and an open invoice of 120.00 to Dupont, number FAC-2026-000001."""
    issued.do(entities.amend, AmendEntity("ent_1", iban=IBAN))
    assert issued.state(INVOICE, "inv_1").number == NUMBER
    return issued


class Documents:
    """Answers which documents an advice may name, and that no cash waits for it."""

    def __init__(self, books: Any) -> None:
        self.books = books

    async def documents(self, *_: Any) -> Sequence[AdvisableDocument]:
        return [
            AdvisableDocument(e.data.number, e.stream)
            for e in self.books.ledger.events
            if e.type == "invoice.issued"
        ]

    async def unapplied(self, *_: Any) -> Sequence[str]:
        return []


def booked(**changes: Any) -> Booked:
    values: dict[str, Any] = {"text": f"VIR {NUMBER}", "reference": "R1", "party": "DUPONT"}
    return Booked(changes.pop("minor", 12_000), DAY, **(values | changes))


def test_the_number_the_amount_and_the_payer_book_a_line(bank: Any) -> None:
    line = judged(bank, booked(text="VIR FACT 2026-000001"))
    assert (line.status, line.booked.score, line.booked.customer_id) == ("booked", 85, "cus_1")
    assert [reason.rule for reason in line.booked.reasons] == ["invoice_number", "amount_equal", "payer_name"]
    payment = bank.state(PAYMENT, line.booked.payment_id)
    assert (payment.amount_minor, payment.received_on, payment.external_ref) == (12_000, DAY, "R1")
    assert [(x.allocation.rule, x.allocation.evidence) for x in payment.allocations] == [
        ("debtor_indication", "2026-000001")
    ]
    assert bank.state(INVOICE, "inv_1").outstanding_minor == 0


def test_a_structured_reference_and_the_amount_book_a_line_of_an_unnamed_payer(bank: Any) -> None:
    assert reference_key(REFERENCE) == "FAC2026000001"
    line = judged(bank, booked(text="", structured=REFERENCE, party=None))
    assert (line.status, line.booked.score) == ("booked", 85)
    assert bank.state(INVOICE, "inv_1").outstanding_minor == 0


def test_a_reference_names_a_number_without_letters(firm: Any, make: Any) -> None:
    series = DefineSeries("ent_1", "FAC", "invoice", "{year}-", 6)
    firm.do(entities.define_series, series, firm.ledger.has_given_numbers)
    firm.do(entities.amend, AmendEntity("ent_1", iban=IBAN))
    firm.do(invoices.draft, make.at_once(make.draft(), date(2026, 6, 1)))
    assert firm.state(INVOICE, "inv_1").number == "2026-000001"
    line = judged(firm, booked(text="", structured="RF422026000001", party=None))
    assert line.status == "booked"
    assert firm.state(INVOICE, "inv_1").outstanding_minor == 0


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"minor": 11_999}, "amount_differs"),
        ({"minor": 12_001}, "amount_differs"),
        ({"party": "MARTIN SARL"}, "payer_differs"),
        ({"structured": REFERENCE, "text": "", "party": "MARTIN SARL"}, "payer_differs"),
        ({"structured": REFERENCE, "text": "", "minor": 24_000}, "amount_differs"),
        ({"party": None}, None),
    ],
)
def test_no_reason_alone_books_a_line(bank: Any, changes: dict[str, Any], rule: str | None) -> None:
    line = judged(bank, booked(**changes))
    assert line.status == "proposed"
    (proposal,) = line.proposals
    assert [share.invoice_number for share in proposal.shares] == [NUMBER]
    assert rule is None or rule in [reason.rule for reason in proposal.reasons]
    assert "payment.received" not in bank.kinds()


@pytest.mark.parametrize("text", ["VIR", "FACTURE 999", ""])
def test_a_line_that_names_neither_invoice_nor_payer_stays_unmatched(bank: Any, text: str) -> None:
    line = booked(text=text, structured="RF00FAC2026000001", party="MARTIN", minor=12_001)
    assert judged(bank, line).status == "unmatched"


def test_a_number_of_no_open_invoice_keeps_the_amount_from_booking_the_line(bank: Any) -> None:
    line = judged(bank, booked(text="FACTURE 999"))
    assert (line.status, line.proposals[0].reasons[-1].rule) == ("proposed", "number_unclear")


def test_the_only_open_amount_of_the_payer_books_a_line_without_a_text(bank: Any) -> None:
    line = judged(bank, booked(text=""))
    assert (line.status, line.booked.reasons[0].rule) == ("booked", "only_combination")
    assert bank.state(INVOICE, "inv_1").outstanding_minor == 0


@pytest.mark.parametrize("line", [booked(minor=-12_000), booked(minor=-12_000, returned="AC04")])
def test_money_out_is_not_booked_and_a_return_keeps_its_reason(bank: Any, make: Any, line: Booked) -> None:
    state = judged(bank, line)
    assert (state.status, state.stated.return_code) == ("unmatched", line.returned)
    with make.refused("bank-line-not-bookable"):
        match(bank, state.stated.line_id)


def test_what_is_announced_waits_for_the_statement(bank: Any, make: Any) -> None:
    (line_id,) = import_lines(bank, booked(), message="054")
    judge_line(bank, line_id)
    assert bank.state(BANK_LINE, line_id).status == "announced"
    with make.refused("bank-line-not-bookable"):
        match(bank, line_id)
    assert judged(bank, booked()).status == "booked"
    assert bank.kinds().count("payment.received") == 1


def by_http(books: Any, make: Any) -> None:
    receipt = make.receipt(payment_id_of("ent_1", "R1"), on=DAY, external_ref="R1", customer_id=None)
    books.do(payments.receive, receipt, ["inv_1"])


def by_import(books: Any, make: Any) -> None:
    payment_id = payment_id_of("ent_1", "R1")
    if not books.stream(payment_id):  # the importer reports the line as a duplicate
        receipt = make.receipt(payment_id, on=DAY, external_ref="R1", origin="import")
        books.do(payments.receive, receipt, ["inv_1"])


def by_statement(books: Any, make: Any) -> None:
    lines = import_lines(books, booked(text="VIR"))
    for each in lines:
        judge_line(books, each)
        if books.state(BANK_LINE, each).status != "booked":
            match(books, each)


@pytest.mark.parametrize("ways", list(itertools.permutations((by_http, by_import, by_statement))))
def test_one_reference_is_one_payment_whichever_way_it_comes_first(bank: Any, make: Any, ways: Any) -> None:
    for way in (*ways, *ways):
        way(bank, make)
    assert bank.kinds().count("payment.received") == 1
    assert bank.kinds().count("bank_line.booked") == 1


def test_a_reference_with_another_amount_is_left_to_a_person(bank: Any, make: Any) -> None:
    bank.do(payments.receive, make.receipt(payment_id_of("ent_1", "R1"), 5_000, on=DAY, external_ref="R1"))
    line = judged(bank, booked())
    assert (line.status, line.proposals[0].reasons[-1].rule) == ("proposed", "payment_reference")
    line = match(bank, line.stated.line_id, proposal=1)
    assert (line.status, line.booked.is_new_payment) == ("booked", True)
    assert line.booked.payment_id != payment_id_of("ent_1", "R1")


def test_equal_lines_of_a_day_are_two_payments(bank: Any) -> None:
    line = booked(text="VIR")
    first, second = import_lines(bank, line, line)
    ids = {match(bank, each, customer_id="cus_1").booked.payment_id for each in (first, second)}
    assert len(ids) == 2


def test_a_payment_is_one_line_at_most(bank: Any, make: Any) -> None:
    bank.do(payments.receive, make.receipt("pay_1", on=DAY))
    first, second = import_lines(bank, booked(text="VIR"), booked(text="VIR", reference="R2"))
    line = match(bank, first, payment_id="pay_1")
    assert (line.booked.is_new_payment, line.booked.customer_id) == (False, "cus_1")
    with make.refused("payment-not-of-line"):
        match(bank, second, payment_id="pay_1")
    (other,) = import_lines(bank, booked(minor=100, reference="R3"))
    bank.do(payments.receive, make.receipt("pay_2", on=DAY))
    with make.refused("payment-not-of-line"):
        match(bank, other, payment_id="pay_2")


@pytest.mark.parametrize("how", ["person", "machine"])
def test_of_two_lines_that_are_linked_to_a_payment_at_once_one_is_it(bank: Any, make: Any, how: str) -> None:
    bank.do(payments.receive, make.receipt(payment_id_of("ent_1", "E9"), 12_000, DAY))
    first, second = import_lines(bank, booked(end_to_end="E9"), booked(end_to_end="E9", reference="R2"))
    payment_id = payment_id_of("ent_1", "E9")
    overtaken: list[str] = []

    async def taken(ledger: str, payment_ids: Sequence[str]) -> set[str]:
        known: set[str] = await taken_by(bank)(ledger, payment_ids)
        if not overtaken:
            overtaken.append(first)
            match(bank, first, payment_id=payment_id)
        return known

    if how == "person":
        with make.refused("payment-not-of-line"):
            bank.do(bank_lines.match, MatchLine(second, payment_id=payment_id), every_invoice, taken)
    else:
        bank.do(bank_lines.judge_line, second, Judgement(), taken)
    assert [bank.state(BANK_LINE, each).status for each in (first, second)] == ["booked", "unmatched"]


def test_a_payment_is_free_for_another_line_once_its_line_is_undone(bank: Any, make: Any) -> None:
    bank.do(payments.receive, make.receipt("pay_1", 12_000, DAY))
    first, second = import_lines(bank, booked(), booked(reference="R2"))
    match(bank, first, payment_id="pay_1")
    bank.do(bank_lines.undo, UndoLine(first, "of another"))
    assert match(bank, second, payment_id="pay_1").booked.payment_id == "pay_1"
    assert bank.state(PAYMENT, "pay_1").line_id == second


def test_a_wrong_match_is_undone_and_the_line_booked_anew(bank: Any, make: Any) -> None:
    line = judged(bank, booked())
    line_id, wrong = line.stated.line_id, line.booked.payment_id
    with make.refused("bank-line-decided"):
        match(bank, line_id)
    bank.do(bank_lines.undo, UndoLine(line_id, "wrong customer"))
    assert bank.state(BANK_LINE, line_id).status == "unmatched"
    assert bank.state(PAYMENT, wrong).reversed_on == DAY
    assert bank.state(INVOICE, "inv_1").outstanding_minor == 12_000
    with make.refused("bank-line-undecided"):
        bank.do(bank_lines.undo, UndoLine(line_id, "again"))
    line = match(bank, line_id, customer_id="cus_1", allocations=())
    assert line.booked.payment_id != wrong
    assert bank.state(PAYMENT, line.booked.payment_id).unapplied_minor == 12_000


def test_a_payment_recorded_before_stays_when_the_line_is_undone(bank: Any, make: Any) -> None:
    by_http(bank, make)
    line = judged(bank, booked())
    assert not line.booked.is_new_payment
    bank.do(bank_lines.undo, UndoLine(line.stated.line_id, "not this one"))
    assert bank.state(PAYMENT, payment_id_of("ent_1", "R1")).reversed_on is None


def test_an_ignored_line_keeps_its_reason_and_can_be_taken_up_again(bank: Any, make: Any) -> None:
    (line_id,) = import_lines(bank, booked(text="VIR"))
    for _ in range(2):
        bank.do(bank_lines.ignore, IgnoreLine(line_id, "own transfer"))
    assert bank.kinds().count("bank_line.ignored") == 1
    with make.refused("bank-line-decided"):
        match(bank, line_id)
    bank.do(bank_lines.undo, UndoLine(line_id, "it was a customer"))
    assert match(bank, line_id).status == "booked"


def test_a_judged_line_is_not_judged_again(bank: Any) -> None:
    line = judged(bank, booked())
    before = len(bank.ledger.events)
    judge_line(bank, line.stated.line_id)
    assert len(bank.ledger.events) == before


def test_a_line_of_two_numbers_pays_both_and_the_second_by_its_count(bank: Any, make: Any) -> None:
    bank.do(invoices.draft, make.at_once(make.draft("inv_2", amount="50.00"), date(2026, 6, 2)))
    line = judged(bank, booked(text="FACTURES 000001 ET 2", minor=18_000))
    assert line.status == "booked"
    assert [bank.state(INVOICE, each).outstanding_minor for each in ("inv_1", "inv_2")] == [0, 0]


def test_an_advice_tells_what_a_silent_line_pays(bank: Any, make: Any) -> None:
    bank.do(invoices.draft, make.at_once(make.draft("inv_2"), date(2026, 6, 2)))
    item = StatedItem(12_000, written="2026-2")
    command = ReceiveAdvice(
        entity_id="ent_1", customer_id="cus_1", currency="EUR", items=(item,), format="json", content_sha256="x",
        reference="TRF-4711",
    )  # fmt: skip
    bank.do(advices.receive, command, Documents(bank))
    advice_id = command.advice_id
    announced = AnnouncedPayment(
        advice_id,
        "ent_1",
        "cus_1",
        "EUR",
        12_000,
        DAY,
        (AnnouncedItem(12_000, "inv_2"),),
        references=("TRF-4711",),
    )
    (line_id,) = import_lines(bank, booked(text="VIR TRF4711", party="DUPONT"))
    judge_line(bank, line_id, announced)
    line = bank.state(BANK_LINE, line_id)
    assert (line.status, line.booked.reasons[0].rule) == ("booked", "advice")
    assert [bank.state(INVOICE, each).outstanding_minor for each in ("inv_1", "inv_2")] == [12_000, 0]
    assert bank.state(ADVICE, advice_id).joined.payment_id == line.booked.payment_id


def test_an_outdated_judgement_books_nothing(bank: Any, make: Any) -> None:
    (line_id,) = import_lines(bank, booked())
    judgement = judge(bank.state(BANK_LINE, line_id).stated, open_items(bank))
    bank.do(payments.receive, make.receipt("pay_1", 5_000, on=DAY), ["inv_1"])
    with pytest.raises(bank_lines.JudgementOutdated):
        bank.do(bank_lines.judge_line, line_id, judgement, taken_by(bank))
    assert bank.state(BANK_LINE, line_id).status == "unmatched"


def test_a_line_that_a_person_has_reopened_is_not_booked_by_the_machine(bank: Any) -> None:
    line = judged(bank, booked())
    bank.do(bank_lines.undo, UndoLine(line.stated.line_id, "another customer's"))
    judge_line(bank, line.stated.line_id)
    assert bank.state(BANK_LINE, line.stated.line_id).status == "unmatched"


def test_a_correction_books_the_line_anew_in_one_step(bank: Any, make: Any) -> None:
    bank.do(invoices.draft, make.at_once(make.draft("inv_2"), date(2026, 6, 2)))
    line = judged(bank, booked())
    line_id, wrong = line.stated.line_id, line.booked.payment_id
    split = (("inv_1", 4_000), ("inv_2", 8_000))
    how = CorrectLine(MatchLine(line_id, allocations=split), "split")
    bank.do(bank_lines.correct, how, every_invoice, taken_by(bank))
    assert bank.state(PAYMENT, wrong).reversed_on == DAY
    assert [bank.state(INVOICE, each).outstanding_minor for each in ("inv_1", "inv_2")] == [8_000, 4_000]


def test_a_line_whose_booking_is_refused_is_proposed_with_the_refusal(bank: Any) -> None:
    item = StatedItem(12_000, written=NUMBER)
    command = ReceiveAdvice(
        entity_id="ent_1", customer_id="cus_1", currency="EUR", items=(item,), format="json", content_sha256="x",
        reference="TRF-4711",
    )  # fmt: skip
    bank.do(advices.receive, command, Documents(bank))
    advice_id = command.advice_id
    announced = AnnouncedPayment(
        advice_id, "ent_1", "cus_1", "EUR", 12_000, DAY, (AnnouncedItem(12_000, "inv_1"),), references=("TRF-4711",)
    )  # fmt: skip
    (line_id,) = import_lines(bank, booked(text="VIR TRF4711"))
    judgement = judge(bank.state(BANK_LINE, line_id).stated, open_items(bank), [announced])
    assert judgement.is_certain
    bank.do(advices.withdraw, WithdrawAdvice(advice_id, "sent in error"))
    with pytest.raises(AdviceIsWithdrawn) as refusal:
        bank.do(bank_lines.judge_line, line_id, judgement, taken_by(bank))
    for _ in "12":
        refused = judgement.refused(refusal.value.detail)
        bank.do(bank_lines.judge_line, line_id, refused, taken_by(bank))
    assert bank.kinds().count("bank_line.proposed") == 1
    line = bank.state(BANK_LINE, line_id)
    assert (line.status, line.proposals[0].score) == ("proposed", judgement.proposals[0].score)
    last = line.proposals[0].reasons[-1]
    assert (last.rule, last.points, last.evidence) == ("refused", 0, refusal.value.detail)
    assert match(bank, line_id, customer_id="cus_1", allocations=(("inv_1", 12_000),)).status == "booked"
