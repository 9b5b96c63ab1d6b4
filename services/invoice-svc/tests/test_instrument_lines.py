"""Bank lines that pay or return cheques, bills and notes; and random lives of them against a naive ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from encours.contracts.books import movements
from encours.kernel.errors import DomainError
from encours.kernel.money import Money
from encours.ledger.command import Result
from encours.testing.bank_files import IBAN, Booked
from invoice_svc.domain.bank_line.commands import UndoLine
from invoice_svc.domain.entity.commands import AmendEntity
from invoice_svc.domain.instrument import commands as do
from invoice_svc.domain.payment.commands import ReversePayment
from invoice_svc.use_cases.folds import BANK_LINE, INSTRUMENT, INVOICE, PAYMENT
from invoice_svc.use_cases.money import bank_lines, instruments, payments, reversals
from invoice_svc.use_cases.parties import customers, entities
from invoice_svc.use_cases.sales import invoices
from tests.matching.lines import judged

TAKEN, DAY = date(2026, 6, 10), date(2026, 6, 12)
HISTORIES = 25


def meant(invoice_id: str = "inv_1", minor: int = 12_000, **changes: Any) -> do.ReceiveInstrument:
    values: dict[str, Any] = {
        "customer_id": "cus_1", "kind": "cheque", "number": "0000123", "amount": Money(minor, "EUR"),
        "matures_on": DAY, "clearing_days": 5, "invoices": ((invoice_id, Money(minor, "EUR")),),
    }  # fmt: skip
    return do.ReceiveInstrument(**(values | changes))


def take(books: Any, command: do.ReceiveInstrument, on: date = TAKEN) -> str:
    found: str = books.do(instruments.receive, command, today=on).result(Result).id
    return found


@pytest.fixture
def bank(issued: Any) -> Any:
    """A firm with an account and an open invoice of 120.00."""
    issued.do(entities.amend, AmendEntity("ent_1", iban=IBAN))
    return issued


def received(books: Any) -> int:
    found: int = books.kinds().count("payment.received")
    return found


@pytest.mark.parametrize(
    "where", [{"text": "REM CHEQUE 0000123"}, {"reference": "0000123"}, {"end_to_end": "0000123"}]
)
def test_a_line_with_number_and_amount_of_a_cheque_is_its_payment(bank: Any, where: dict[str, Any]) -> None:
    name = take(bank, meant())
    line = judged(bank, Booked(12_000, DAY, party="SOMEONE ELSE", **where))
    state = bank.state(INSTRUMENT, name)
    assert (line.status, [reason.rule for reason in line.booked.reasons]) == ("booked", ["instrument_number"])
    assert (state.status, state.payment_id, state.clearings[0].basis) == (
        "cleared",
        line.booked.payment_id,
        "bank_line",
    )
    assert (bank.state(INVOICE, "inv_1").outstanding_minor, received(bank)) == (0, 1)


@pytest.mark.parametrize(
    "line", [Booked(11_999, DAY, "CHEQUE 0000123"), Booked(12_000, DAY, "CHEQUE 0000124")]
)
def test_a_number_with_another_amount_or_an_amount_with_another_number_pays_no_cheque(
    bank: Any, line: Booked
) -> None:
    name = take(bank, meant())
    assert judged(bank, line).status != "booked"
    assert bank.state(INSTRUMENT, name).status == "in_hand"


def test_a_line_that_two_cheques_explain_is_left(bank: Any, make: Any) -> None:
    bank.do(customers.register, make.customer("cus_2"))
    bank.do(invoices.draft, make.at_once(make.draft("inv_2", customer_id="cus_2"), date(2026, 6, 1)))
    names = [take(bank, meant()), take(bank, meant("inv_2", customer_id="cus_2"))]
    judged(bank, Booked(12_000, DAY, "CHEQUE 0000123"))
    assert [bank.state(INSTRUMENT, name).status for name in names] == ["in_hand", "in_hand"]


def test_the_line_of_a_cheque_that_counts_as_paid_brings_no_second_payment(bank: Any) -> None:
    name = take(bank, meant(presumed_paid=True, clearing_days=1))
    bank.do(instruments.remit, do.RemitInstrument(name), today=TAKEN)
    bank.do(instruments.settle_day, name, date(2026, 6, 11), today=date(2026, 6, 11))
    paid = bank.state(INSTRUMENT, name).payment_id
    line = judged(bank, Booked(12_000, DAY, "CHEQUE 0000123"))
    assert (line.booked.payment_id, line.booked.is_new_payment, received(bank)) == (paid, False, 1)
    again = judged(bank, Booked(12_000, DAY + timedelta(days=1), "CHEQUE 0000123", "R2"))
    assert (again.status, received(bank)) == ("unmatched", 1)


def test_a_line_that_is_undone_leaves_the_cheque_in_hand(bank: Any) -> None:
    name = take(bank, meant())
    line = judged(bank, Booked(12_000, DAY, "CHEQUE 0000123"))
    bank.do(bank_lines.undo, UndoLine(line.stated.line_id, "Another customer's"))
    assert bank.state(INSTRUMENT, name).status == "in_hand"
    state = bank.state(INVOICE, "inv_1")
    assert (state.outstanding_minor, state.in_hand_minor) == (12_000, 12_000)
    assert bank.state(BANK_LINE, line.stated.line_id).status != "booked"


STEPS = ("take", "remit", "clear", "bounce", "wrong", "extend", "cancel", "day", "other", "replace")


def _step(books: Any, random: Random, names: list[str], today: date, make: Any) -> None:
    """Do one random act; what the rules refuse changes nothing."""
    name = random.choice(names) if names else ""
    state = books.state(INSTRUMENT, name) if names else None
    match random.choice(STEPS):
        case "take" | "replace" as act:
            minor, invoice = random.randrange(1, 13_000), random.choice(["inv_1", "inv_2"])
            changes = {
                "number": f"C{len(names):05}",
                "matures_on": today + timedelta(days=random.randrange(15)),
            }
            changes |= (
                {"presumed_paid": random.random() < 0.5, "replaces": name or None} if act == "replace" else {}
            )
            names.append(take(books, meant(invoice, minor, **changes), today))
        case "remit":
            books.do(instruments.remit, do.RemitInstrument(name), today=today)
        case "clear":
            on = today - timedelta(days=random.randrange(3))
            books.do(instruments.clear, do.ClearInstrument(name, on), today=today)
        case "bounce":
            back = do.ReturnInstrument(name, "No funds", reversal_id=f"rvl_{random.random()}")
            books.do(instruments.bounce, back, today=today)
        case "wrong" if state is not None and state.payment_id:
            undone = ReversePayment(
                state.payment_id, None, "x", kind="wrong_booking", reversal_id=f"rvl_{random.random()}"
            )
            books.do(reversals.reverse, undone, today=today)
        case "extend":
            later = do.ExtendInstrument(name, today + timedelta(days=random.randrange(20)), "More time")
            books.do(instruments.extend, later, today=today)
        case "cancel":
            books.do(instruments.cancel, do.CancelInstrument(name, "Given back"), today=today)
        case "day":
            for each in names:
                books.do(instruments.settle_day, each, today, today=today)
        case "other":
            paid = make.receipt(
                f"pay_{random.random()}", random.randrange(1, 4_000), today, allocations=(("inv_1", 1),)
            )
            books.do(payments.receive, paid, today=today)


def test_whatever_becomes_of_instruments_the_books_agree_with_a_naive_ledger(
    new_books: Callable[[], Any], make: Any
) -> None:
    for seed in range(HISTORIES):
        random, books, names = Random(seed), new_books(), list[str]()
        books.do(entities.register, make.entity())
        books.do(customers.register, make.customer())
        for name in ("inv_1", "inv_2"):
            books.do(invoices.draft, make.at_once(make.draft(name), date(2026, 6, 1)), today=date(2026, 6, 1))
        today = TAKEN
        for _ in range(25):
            today += timedelta(days=random.randrange(4))
            try:
                _step(books, random, names, today, make)
            except DomainError:
                continue
            assert_agrees(books, names)


def assert_agrees(books: Any, names: list[str]) -> None:
    """Compare with what the instruments say: one payment stands of each that is paid, and others cover invoices."""
    entries = [entry for e in books.ledger.events for entry in movements(e)]
    states = [books.state(INSTRUMENT, name) for name in names]
    invoiced = {name: books.state(INVOICE, name) for name in ("inv_1", "inv_2")}
    paid = {
        e.stream: books.state(PAYMENT, e.stream) for e in books.ledger.events if e.type == "payment.received"
    }
    for state in states:
        standing = [
            each
            for each in paid.values()
            if each.instrument_id == state.instrument_id and each.reversed_on is None
        ]
        assert len(standing) == (state.status == "cleared")
        assert [each.payment_id for each in standing] == ([state.payment_id] if standing else [])
    for name, invoice in invoiced.items():
        covered = sum(
            share.amount_minor for state in states if state.is_covering for share in state.invoices
            if share.invoice_id == name
        )  # fmt: skip
        assert sum(entry.in_hand_minor for entry in entries if entry.invoice_id == name) == covered
        assert (invoice.meant_minor, invoice.due_on) == (covered, date(2026, 7, 1))
        assert 0 <= invoice.in_hand_minor <= invoice.outstanding_minor <= 12_000
    held = sum(each.left_minor for each in paid.values())
    allocated = sum(each.allocated_minor for each in paid.values())
    assert sum(invoice.outstanding_minor for invoice in invoiced.values()) + allocated == 24_000
    assert sum(entry.account_minor for entry in entries) == 24_000 - held
