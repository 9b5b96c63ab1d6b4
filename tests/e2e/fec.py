"""A reader of FEC files: the structural rules of LPF A47 A-1 III, VI, VII, IX and XII, and the items left open.

`tests/contract/test_fec.py` holds it to the schema of the DGFiP and to a file that Encours did not write.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

NAMES = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip
OPTIONAL = {"CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise"}
DATES = ("EcritureDate", "PieceDate", "ValidDate", "DateLet")
ACCOUNT = "[0-9]{3}([0-9a-zA-Z]*)"
LINES_MIN = 2
"""Least number of lines of an entry."""
Row = dict[str, str]


def read(name: str, content: bytes) -> list[Row]:
    """Rows of a file, which is refused where it breaks a rule."""
    assert (closing := re.fullmatch(r"[0-9]{9}FEC([0-9]{8})\.txt", name)), name
    head, *lines = _text(content).split("\r\n")
    assert tuple(head.split("\t")) == NAMES
    assert lines.pop() == "", "the last record ends too"
    rows = [dict(zip(NAMES, line.split("\t"), strict=True)) for line in lines]
    for row in rows:
        assert all(row[field] for field in NAMES if field not in OPTIONAL), row
        assert "|" not in "".join(row.values())
        assert re.fullmatch(ACCOUNT, row["CompteNum"]), row
        assert row["CompteNum"][0] in "12345678", row
        for field in DATES:
            assert re.fullmatch("([0-9]{8})?", row[field]), row
            if row[field]:
                date.fromisoformat(row[field])
        assert row["EcritureDate"][:4] == closing[1][:4]
        assert row["EcritureDate"] <= row["ValidDate"]
        assert all(re.fullmatch(r"[0-9]+,[0-9]{2}", row[field]) for field in ("Debit", "Credit"))
        assert (row["Debit"] == "0,00") != (row["Credit"] == "0,00")
        assert bool(row["EcritureLet"]) == bool(row["DateLet"])
        assert bool(row["CompAuxNum"]) == bool(row["CompAuxLib"]) == row["CompteNum"].startswith("411")
        assert bool(row["Montantdevise"]) == bool(row["Idevise"])
        assert re.fullmatch(r"(-?[0-9]+(,[0-9]+)?)?", row["Montantdevise"]), row
        assert re.fullmatch(r"([A-Z]{3})?", row["Idevise"]), row
    _check_entries(rows)
    return rows


def _text(content: bytes) -> str:
    """Text in one of the character sets that are accepted: ours is UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("iso8859-15")


def _check_entries(rows: list[Row]) -> None:
    """Numbers without a gap, in the order of validation; opening balances first; each entry balances."""
    numbers = [int(row["EcritureNum"]) for row in rows]
    assert numbers == sorted(numbers)
    validated = [row["ValidDate"] for row in rows]
    assert validated == sorted(validated)
    assert set(numbers) == set(range(1, max(numbers, default=0) + 1))
    entries: dict[int, list[Row]] = defaultdict(list)
    for number, row in zip(numbers, rows, strict=True):
        entries[number].append(row)
    for number, entry in entries.items():
        assert len(entry) >= LINES_MIN, entry
        assert sum(map(amount, entry)) == 0, entry
        assert len({(row["JournalCode"], row["EcritureDate"], row["ValidDate"]) for row in entry}) == 1
        assert number == 1 or entry[0]["JournalCode"] != "AN"


def amount(row: Row) -> Decimal:
    """Signed amount, a debit above 0."""
    return Decimal(row["Debit"].replace(",", ".")) - Decimal(row["Credit"].replace(",", "."))


def items(rows: Iterable[Row]) -> Iterator[tuple[str, str, set[str], Decimal]]:
    """Yield customer, code, documents and open amount of each item: lines of one code, or a line without one.

    The code has capitals if the item is settled, and the date of its last line.
    """
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for n, row in enumerate(rows):
        if row["CompAuxNum"]:
            found[row["CompAuxNum"], row["EcritureLet"] or f"line {n}"].append(row)
    for (auxiliary, code), lines in found.items():
        left = sum(map(amount, lines), Decimal(0))
        if code.isalpha():
            assert code.isupper() == (left == 0), lines
            assert code in (code.upper(), code.lower())
            assert {row["DateLet"] for row in lines} == {max(row["EcritureDate"] for row in lines)}, lines
            # A receipt that is put on invoices in part as it comes has one line, its rest.
            assert len(lines) > 1 or code.islower(), lines
        yield auxiliary, code, {row["PieceRef"] for row in lines}, left


def left_open(rows: Iterable[Row], invoices: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the money that no invoice has taken, by customer; all other open items are these invoices, by number."""
    found: dict[str, Decimal] = {}
    money: dict[str, Decimal] = defaultdict(Decimal)
    for auxiliary, _, documents, left in items(rows):
        if left and (of := documents & invoices.keys()):
            (number,) = of
            assert number not in found, f"{number} has two codes"
            found[number] = left
        elif left:
            money[auxiliary] -= left
    assert found == {number: minor for number, minor in invoices.items() if minor}
    return {auxiliary: minor for auxiliary, minor in money.items() if minor}


def settled_across(rows: Sequence[Row]) -> int:
    """Return the number of items that were brought forward and are settled in the year."""
    brought = {
        (row["CompAuxNum"], row["EcritureLet"])
        for row in rows
        if row["JournalCode"] == "AN" and row["EcritureLet"].isupper()
    }
    assert all(left == 0 for auxiliary, code, _, left in items(rows) if (auxiliary, code) in brought)
    return len(brought)


def balance(rows: Iterable[Row], account: str) -> Decimal:
    """Sum of the lines on accounts that begin so."""
    return sum((amount(row) for row in rows if row["CompteNum"].startswith(account)), Decimal(0))
