"""Bank lines that take a payment back: booked if certain, once, and restored if that was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from encours.contracts.books import movements
from encours.kernel.errors import Invalid
from encours.kernel.money import Money
from encours.testing.bank_files import IBAN, Booked
from invoice_svc.domain.bank_line.commands import MatchLine, UndoLine
from invoice_svc.domain.bank_line.returns import is_return, kind_of, references_of
from invoice_svc.domain.entity.commands import AmendEntity
from invoice_svc.domain.invoice.evolve import fold_as_of
from invoice_svc.domain.payment.commands import ReversePayment
from invoice_svc.matching.returns import taken_minor
from invoice_svc.use_cases.folds import BANK_LINE, INVOICE, PAYMENT
from invoice_svc.use_cases.money import bank_lines, bank_returns, reversals
from invoice_svc.use_cases.parties import entities
from tests.matching.lines import import_lines

PAID = Booked(12_000, date(2026, 6, 12), "VIR FAC-2026-000001", "R1", "Dupont", end_to_end="E1")
BACK = date(2026, 6, 20)


async def nothing(*asked: Any) -> Sequence[str]:
    """No payment is a line already, and no invoice is looked for."""
    return ()


def match(books: Any, line_id: str, **how: Any) -> Any:
    books.do(bank_lines.match, MatchLine(line_id, **how), nothing, nothing)
    return books.state(BANK_LINE, line_id)


def back(minor: int = -12_000, reference: str = "B1", **changes: Any) -> Booked:
    values: dict[str, Any] = {"text": "REJET", "reference": reference, "end_to_end": "E1", "returned": "AM04"}
    return Booked(minor, BACK, **(values | changes))


@pytest.fixture
def debited(issued: Any) -> Any:
    """The invoice of 120.00 is paid by a bank line with the end-to-end id E1."""
    issued.do(entities.amend, AmendEntity("ent_1", iban=IBAN))
    (line_id,) = import_lines(issued, PAID)
    match(issued, line_id, customer_id="cus_1", allocations=(("inv_1", 12_000),))
    assert issued.state(INVOICE, "inv_1").outstanding_minor == 0
    return issued


def found_by(books: Any) -> Any:
    """Answer from the lines themselves, as the read model does from its rows."""

    async def found(ledger: str, entity: str, line: Any) -> Sequence[tuple[str, str | None]]:
        streams = dict.fromkeys(e.stream for e in books.ledger.events if e.type == "bank_line.recorded")
        states = [books.state(BANK_LINE, each) for each in streams]
        shared = set(references_of(line))
        return [
            (state.booked.payment_id, state.stated.line_id)
            for state in states
            if state.booked and shared & set(references_of(state.stated))
        ]

    return found


def returned(books: Any, *lines: Booked) -> Any:
    """Import and judge returns; return the state of the last."""
    for each in import_lines(books, *lines, sequence=2, opening_minor=12_000):
        books.do(bank_returns.judge_line, each, found_by(books))
    return books.state(BANK_LINE, each)


def the_payment(books: Any) -> Any:
    (stream,) = {e.stream for e in books.ledger.events if e.type == "payment.received"}
    return books.state(PAYMENT, stream)


def test_the_reference_and_the_amount_book_a_return(debited: Any) -> None:
    line = returned(debited, back())
    assert (line.status, line.returned.score, line.returned.is_new_reversal) == ("booked", 85, True)
    (reversal,) = the_payment(debited).reversals
    assert (reversal.amount_minor, reversal.on, reversal.line_id) == (12_000, BACK, line.stated.line_id)
    assert (reversal.event.consequence, reversal.event.cause) == ("insufficient_funds", "AM04 REJET")
    stream = debited.stream("inv_1")
    assert [fold_as_of(stream, date(2026, 6, n)).outstanding_minor for n in (12, 19, 20)] == [0, 0, 12_000]


def test_a_part_is_booked_if_reference_and_payer_agree_and_else_proposed(debited: Any) -> None:
    line = returned(debited, back(-5_000))
    assert line.status == "proposed"
    (proposal,) = line.return_proposals
    assert (proposal.amount_minor, proposal.score) == (5_000, 70)
    line = match(debited, line.stated.line_id, proposal=1)
    assert line.returned.amount_minor == 5_000
    assert debited.state(INVOICE, "inv_1").outstanding_minor == 5_000
    assert the_payment(debited).left_minor == 7_000


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (back(-12_001), "unmatched"),
        (back(end_to_end=None), "unmatched"),
        (back(end_to_end="E2"), "unmatched"),
        (back(returned=None), "unmatched"),
        (back(end_to_end=None, text="R1"), "unmatched"),
    ],
)
def test_no_reason_alone_books_a_return(debited: Any, line: Booked, status: str) -> None:
    assert returned(debited, line).status == status
    assert the_payment(debited).reversals == ()


def test_a_return_whose_booking_is_refused_is_proposed_with_the_refusal(debited: Any) -> None:
    early = date(2026, 6, 19)
    (line_id,) = import_lines(debited, back(), sequence=2, opening_minor=12_000)
    with pytest.raises(Invalid) as refused:
        debited.do(bank_returns.judge_line, line_id, found_by(debited), today=early)
    debited.do(bank_returns.judge_line, line_id, found_by(debited), refused.value.detail, today=early)
    line = debited.state(BANK_LINE, line_id)
    assert (line.status, line.return_proposals[0].reasons[-1].rule) == ("proposed", "refused")
    assert line.return_proposals[0].reasons[-1].evidence == refused.value.detail
    assert match(debited, line_id, proposal=1).status == "booked"


def test_a_return_that_was_recorded_before_is_not_booked_twice(debited: Any) -> None:
    payment_id = the_payment(debited).payment_id
    debited.do(reversals.reverse, ReversePayment(payment_id, date(2026, 6, 18), "x", reversal_id="rvl_1"))
    again = returned(debited, back(), back(reference="B2"))
    (line_id,) = {e.stream for e in debited.ledger.events if e.type == "bank_line.return_booked"}
    line = debited.state(BANK_LINE, line_id)
    assert (line.returned.is_new_reversal, line.returned.reversal_id) == (False, "rvl_1")
    assert the_payment(debited).reversals[0].line_id == line_id
    assert again.status == "unmatched"
    assert len(the_payment(debited).reversals) == 1


def test_a_part_that_a_line_took_back_is_not_recorded_again_over_http(debited: Any, make: Any) -> None:
    line_id = returned(debited, back(-5_000)).stated.line_id
    match(debited, line_id, proposal=1)
    payment_id = the_payment(debited).payment_id
    again = ReversePayment(payment_id, date(2026, 6, 22), "x", Money(5_000, "EUR"), reference="PSP-1")
    with make.refused("reversal-repeated"):
        debited.do(reversals.reverse, again)


def test_an_undone_return_restores_the_payment_where_it_was_once(debited: Any, make: Any) -> None:
    line_id = returned(debited, back()).stated.line_id
    debited.do(bank_lines.undo, UndoLine(line_id, "another payment"))
    assert debited.state(BANK_LINE, line_id).status == "unmatched"
    payment = the_payment(debited)
    assert (payment.reversed_on, payment.unapplied_minor, payment.left_minor) == (None, 0, 12_000)
    stream = debited.stream("inv_1")
    assert [fold_as_of(stream, date(2026, 6, n)).outstanding_minor for n in (12, 19, 20, 30)] == [0, 0, 0, 0]
    with make.refused("bank-line-undecided"):
        debited.do(bank_lines.undo, UndoLine(line_id, "again"))
    match(debited, line_id, payment_id=payment.payment_id)
    assert the_payment(debited).left_minor == 0
    booked_ = [moved for e in debited.ledger.events for moved in movements(e)]
    assert sum(m.item_minor - m.cash_minor - m.account_minor for m in booked_) == 0


def test_an_undone_part_restores_that_part(debited: Any) -> None:
    line_id = returned(debited, back(-5_000)).stated.line_id
    match(debited, line_id, proposal=1)
    debited.do(bank_lines.undo, UndoLine(line_id, "x"))
    assert debited.state(INVOICE, "inv_1").outstanding_minor == 0
    assert [each.allocation.amount_minor for each in the_payment(debited).allocations] == [7_000, 5_000]


def test_an_undone_line_of_a_recorded_reversal_leaves_that(debited: Any) -> None:
    payment_id = the_payment(debited).payment_id
    debited.do(reversals.reverse, ReversePayment(payment_id, date(2026, 6, 18), "x", reversal_id="rvl_1"))
    other = returned(debited, back(), back(reference="B2")).stated.line_id
    (line_id,) = {e.stream for e in debited.ledger.events if e.type == "bank_line.return_booked"}
    debited.do(bank_lines.undo, UndoLine(line_id, "another line"))
    (reversal,) = the_payment(debited).reversals
    assert (reversal.line_id, reversal.restored_cause) == (None, None)
    debited.do(bank_returns.judge_line, other, found_by(debited))
    assert debited.state(BANK_LINE, other).returned.reversal_id == "rvl_1"


def test_a_person_names_the_payment_of_money_out_at_most_what_is_left(debited: Any, make: Any) -> None:
    (line_id, more) = import_lines(
        debited, back(returned=None, end_to_end=None), back(-1, "B2"), sequence=2, opening_minor=12_000
    )
    with make.refused("bank-line-not-bookable"):
        match(debited, line_id)
    line = match(debited, line_id, payment_id=the_payment(debited).payment_id)
    assert line.returned.reasons[0].rule == "person"
    with make.refused("amount-exceeds-payment"):
        match(debited, more, payment_id=the_payment(debited).payment_id)


def test_charges_in_the_line_s_amount_are_no_part_of_the_payment(debited: Any) -> None:
    (line_id,) = import_lines(debited, back(), sequence=2, opening_minor=12_000)
    line = structs.replace(debited.state(BANK_LINE, line_id).stated, amount_minor=-12_350, charges_minor=350)
    assert taken_minor(line, the_payment(debited)) == 12_000


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"bank_code": "PMNT-IDDT-UPDD"}, "returned_debit"),
        ({"bank_code": "PMNT-RCHQ-UPCQ"}, "bounced_cheque"),
        ({"bank_code": "PMNT-RCDT-RRTN", "return_code": "FOCR"}, "recall"),
        ({"bank_code": None, "return_code": "MD06"}, "returned_debit"),
        ({"bank_code": None}, "recall"),
    ],
)
def test_the_kind_of_a_return_is_read_from_the_banks_codes_or_the_method(
    debited: Any, changes: dict[str, Any], kind: str
) -> None:
    (line_id,) = import_lines(debited, back(), sequence=2, opening_minor=12_000)
    line = structs.replace(debited.state(BANK_LINE, line_id).stated, **changes)
    assert is_return(line)
    assert kind_of(line, "transfer") == kind
    assert not is_return(structs.replace(line, is_announced=True))
