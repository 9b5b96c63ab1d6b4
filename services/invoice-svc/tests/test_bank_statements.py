"""The rules of taking bank statements in: each line once, whatever file states it."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from encours.contracts.events.money.bank import CsvMap
from encours.kernel.errors import DomainError
from encours.testing.bank_files import IBAN, Booked, camt, cfonb120, mt940, ofx
from invoice_svc.bank.reading import read
from invoice_svc.bank.receiving import BankDesk, ReadBankFile
from invoice_svc.domain.bank_account.commands import SetCsvMap
from invoice_svc.domain.bank_statement.commands import ImportStatements
from invoice_svc.domain.entity.commands import AmendEntity
from invoice_svc.use_cases.folds import BANK_LINE, BANK_STATEMENT
from invoice_svc.use_cases.money import bank_statements
from invoice_svc.use_cases.money.bank_statements import StatementsTaken
from invoice_svc.use_cases.parties import entities

DAY, NEXT, TODAY = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 30)
A, B, FEE = Booked(10_000, DAY, "A", "R1"), Booked(-500, DAY, "B", "R2"), Booked(-199, DAY, "fee")


@pytest.fixture
def bank(firm: Any) -> Any:
    """A firm with an account in France."""
    firm.do(entities.amend, AmendEntity("ent_1", iban=IBAN))
    return firm


def take(books: Any, *files: bytes, **more: Any) -> list[tuple[int, int]]:
    """Import files; return the numbers of new and of known lines of each statement."""
    found = []
    for data in files:
        command = ImportStatements(
            "ent_1", read(data), "file", hashlib.sha256(data).hexdigest(), more.get("account")
        )
        done = books.do(bank_statements.import_statements, command, books.ledger.versions)
        found += [(x.new_lines, x.known_lines) for x in done.result(StatementsTaken).statements]
    return found


def lines(books: Any) -> list[tuple[int, date, bool]]:
    events = [e.data for e in books.ledger.events if e.type == "bank_line.recorded"]
    return [(e.amount_minor, e.booked_on, e.is_announced) for e in events]


def remarks(books: Any) -> list[str]:
    return [
        remark
        for e in books.ledger.events
        if e.type == "bank_statement.imported"
        for remark in e.data.remarks
    ]


def test_a_statement_is_recorded_with_its_lines(bank: Any) -> None:
    assert take(bank, camt([A, B, FEE])) == [(3, 0)]
    assert bank.kinds()[-5:] == [
        "bank_account.statement_taken", "bank_statement.imported", *["bank_line.recorded"] * 3,
    ]  # fmt: skip
    statement, line = (
        next(e for e in bank.ledger.events if e.type == kind)
        for kind in ("bank_statement.imported", "bank_line.recorded")
    )
    assert bank.state(BANK_STATEMENT, statement.stream).imported.closing_minor == 9_301
    assert (statement.data.credit_minor, statement.data.debit_minor) == (10_000, 699)
    assert bank.state(BANK_LINE, line.stream).status == "unmatched"
    assert (line.effective_on, line.entity) == (DAY, "ent_1")


@pytest.mark.parametrize("write", [camt, mt940, cfonb120])
def test_the_same_file_again_changes_nothing(bank: Any, write: Any) -> None:
    data = write([A, B, FEE, FEE])
    take(bank, data)
    before = len(bank.ledger.events)
    assert take(bank, data, data) == [(0, 4), (0, 4)]
    assert len(bank.ledger.events) == before


def test_overlapping_days_add_their_new_lines_alone(bank: Any) -> None:
    late = Booked(700, NEXT, "C", "R3")
    assert take(bank, camt([A, FEE], sequence=1), camt([A, FEE, FEE, late], sequence=2)) == [(2, 0), (2, 2)]
    assert take(bank, camt([late], 9_602, sequence=3), camt([A], sequence=4)) == [(0, 1), (0, 1)]
    assert sorted(minor for minor, _, _ in lines(bank)) == [-199, -199, 700, 10_000]


def test_a_day_that_the_bank_states_again_changes_nothing(bank: Any) -> None:
    """Same lines and balances in another file, as after a request for a copy."""
    data = mt940([A, FEE])
    take(bank, data, mt940([Booked(100, NEXT, "C")], 9_801))
    before = len(bank.ledger.events)
    assert take(bank, data.replace(b"STARTUMS", b"STARTUMS") + b"\r\n") == [(0, 2)]
    assert len(bank.ledger.events) == before


@pytest.mark.parametrize(
    ("write", "again"), [(camt, {"sequence": 9}), (mt940, {"sequence": "9/1"}), (cfonb120, {})]
)
def test_a_day_with_other_texts_is_the_same_day(bank: Any, write: Any, again: Any) -> None:
    """A bank that fills in more of the text in a copy; nothing but the text identifies these lines."""
    short, full = (
        [Booked(700, DAY, "VIR" + more), Booked(-199, DAY, "FRAIS" + more)] for more in ("", " DUPONT")
    )
    assert take(bank, write(short), write(full, **again)) == [(2, 0), (0, 2)]


def test_a_line_and_its_reversal_may_stand_on_two_pages_of_a_day(bank: Any) -> None:
    pages = [
        mt940([Booked(500, DAY, text), Booked(-500, DAY, text)], 100, sequence=text) for text in ("1", "2")
    ]
    assert take(bank, *pages, *pages) == [(2, 0), (2, 0), (0, 2), (0, 2)]


def test_pages_of_one_day_may_repeat_a_line_that_nothing_tells_apart(bank: Any) -> None:
    first, second = mt940([FEE], 1_000, sequence="1/1"), mt940([FEE], 801, sequence="1/2")
    assert take(bank, first, second) == [(1, 0), (1, 0)]
    assert take(bank, first + second) == [(0, 1), (0, 1)]
    assert len(lines(bank)) == 2


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_pages_of_one_day_may_arrive_in_any_order(bank: Any, order: tuple[int, ...]) -> None:
    pages = [mt940([FEE], 1_000 - 199 * n, sequence=f"1/{n + 1}") for n in range(3)]
    assert take(bank, *(pages[n] for n in order), *pages) == [(1, 0)] * 3 + [(0, 1)] * 3
    assert take(bank, mt940([Booked(5, NEXT, "C")], 403)) == [(1, 0)]
    assert remarks(bank) == []


def test_pages_in_one_file_are_taken_one_after_the_other(bank: Any) -> None:
    data = mt940([FEE, A], 1_000, sequence="1/1") + mt940([FEE], 10_801, sequence="1/2")
    assert take(bank, data) == [(2, 0), (1, 0)]


def test_a_day_in_two_formats_is_one_day_if_its_sums_are_equal(bank: Any, make: Any) -> None:
    unreferenced = [Booked(10_000, DAY, "A"), Booked(-500, DAY, "B")]
    assert take(bank, camt([A, B]), mt940(unreferenced), cfonb120([A, B])) == [(2, 0), (0, 2), (0, 2)]
    with make.refused("bank-day-differs"):
        take(bank, mt940([*unreferenced, FEE]))
    assert take(bank, mt940([Booked(1, NEXT, "new")], 9_500)) == [(1, 0)]


def test_a_missing_statement_is_named(bank: Any) -> None:
    take(bank, camt([A], 0, sequence=1), camt([Booked(5, NEXT, "C", "R3")], 20_000, sequence=3))
    assert remarks(bank) == [
        "The last statement ended with 100.00 on 2026-06-01, this one begins with 200.00: a statement may be missing."
    ]


def test_what_is_announced_is_not_what_a_statement_books(bank: Any) -> None:
    assert take(bank, camt([A], message="052"), camt([A], message="054"), camt([A])) == [
        (1, 0),
        (1, 0),
        (1, 0),
    ]
    assert [announced for _, _, announced in lines(bank)] == [True, True, False]
    assert take(bank, camt([A, B], message="052", sequence=2)) == [(1, 1)]
    assert bank.kinds().count("bank_account.statement_taken") == 1


def test_a_statement_of_a_later_day_is_refused_and_an_advice_of_it_taken(bank: Any, make: Any) -> None:
    tomorrow = Booked(100, date(2026, 7, 1), "C", "R9")
    with make.refused("date-in-future"):
        take(bank, camt([tomorrow]))
    assert take(bank, camt([tomorrow], message="054")) == [(1, 0)]
    assert bank.ledger.events[-1].effective_on == TODAY


def test_a_fault_of_one_statement_refuses_the_file(bank: Any, make: Any) -> None:
    before = len(bank.ledger.events)
    for bad in (mt940([B], 0, closing_minor=7), mt940([B], account="DE89370400440532013000")):
        with pytest.raises(DomainError):
            take(bank, mt940([A]) + bad)
    assert len(bank.ledger.events) == before


@pytest.mark.parametrize(
    "written",
    [IBAN, "FR76 3000 6000 0112 3456 7890 189", "30006000011234567890189", "300060000112345678901",
     "30006/12345678901", "30006/00001/12345678901EUR", "12345678901", "AGRIFRPP/FR7630006000011234567890189"],
)  # fmt: skip
def test_an_account_is_recognized_as_banks_write_it(bank: Any, written: str) -> None:
    assert take(bank, mt940([A], account=written)) == [(1, 0)]


@pytest.mark.parametrize(
    "written", ["DE89370400440532013000", "20041/12345678901", "99999999999", "1", "189"]
)
def test_an_unknown_account_is_refused_with_those_that_are_known(bank: Any, written: str) -> None:
    with pytest.raises(DomainError) as caught:
        take(bank, mt940([A], account=written))
    assert caught.value.code == "bank-account-unknown"
    assert caught.value.detail == f"Account {written} is not one account of Lumière SAS: known are {IBAN}."


def test_the_account_that_the_caller_names_is_that_of_the_file(bank: Any, make: Any) -> None:
    assert take(bank, ofx([A]), account=IBAN) == [(1, 0)]
    with make.refused("bank-account-unknown"):
        take(bank, mt940([A], account="DE89370400440532013000"), account=IBAN)


def from_csv(books: Any, data: bytes, **more: Any) -> ImportStatements:
    async def no_entity(ledger: str) -> str | None:
        return None

    desk = BankDesk(books.ledger, no_entity)
    return asyncio.run(desk.read(books.meta, ReadBankFile("ent_1", "x.csv", is_csv=True, **more), data))


def test_csv_needs_the_map_of_its_account(bank: Any, make: Any) -> None:
    data = "Date;Libellé;Montant\n01/06/2026;A;100,00\n01/06/2026;A;100,00".encode()
    with make.refused("csv-map-missing"):
        from_csv(bank, data)
    bank.do(bank_statements.set_csv_map, SetCsvMap("ent_1", IBAN, "EUR", csv_map()))
    for _ in range(2):
        command = from_csv(bank, data)
        done = bank.do(bank_statements.import_statements, command, bank.ledger.versions)
    assert done.result(StatementsTaken).statements[0].known_lines == 2
    assert lines(bank) == [(10_000, DAY, False)] * 2


def csv_map() -> CsvMap:
    return CsvMap(
        delimiter=";", decimal="comma", encoding="utf-8", date_format="%d/%m/%Y", booked_on="Date", value_on=None,
        amount="Montant", credit=None, debit=None, balance=None, reference=None, party=None, party_account=None,
        text=("Libellé",),
    )  # fmt: skip


def test_any_cuts_and_repetitions_of_a_history_record_each_line_once(bank: Any) -> None:
    """Files over runs of days, in order, with overlaps and repetitions; equal lines without references among them."""
    chance = random.Random(7)
    history = [
        Booked(
            chance.choice((-199, 500, 12_000)),
            date(2026, 6, day),
            chance.choice("ab"),
            chance.choice((None, f"R{day}")),
        )
        for day in range(1, 25)
        for _ in range(chance.randint(0, 3))
    ]
    for first in range(1, 25, 2):
        last = first + chance.randint(0, 4)
        for _ in range(chance.randint(1, 2)):
            run = [x for x in history if first <= x.on.day <= last]
            opening = sum(x.minor for x in history if x.on.day < first)
            take(bank, camt(run, opening, sequence=chance.randint(1, 999)))
            covered(bank, history, last)


def covered(books: Any, history: Sequence[Booked], last: int) -> None:
    seen = [(x.minor, x.on, False) for x in history if x.on.day <= last]
    assert sorted(x for x in lines(books) if x[1].day <= last) == sorted(seen)


def test_2000_damaged_files_are_imported_whole_or_not_at_all(bank: Any) -> None:
    chance = random.Random(11)
    whole = [camt([A, B, FEE], 700), mt940([A, B, FEE], 700), cfonb120([A, B, FEE], 700), ofx([A, B, FEE])]
    start = len(bank.ledger.events)
    for n in range(2_000):
        data = bytearray(whole[n % 4])
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(data))
            data[at : at + chance.choice((0, 1, 1, 3))] = chance.choice(
                (b"", b"7", b",", b"\x00", b"\n", b"<")
            )
        bank.ledger.rewind(start)
        try:
            taken = take(bank, bytes(data))
        except DomainError:
            taken = []
        assert len(lines(bank)) == sum(new for new, _ in taken)
        assert bank.kinds().count("bank_statement.imported") == len(taken)
