"""Statements of real banks and of other projects' test suites, with their expected balances and sums.

They lie beside the project and are not shipped with it. Many were made unreadable for others on purpose, or made
anonymous without regard to their balances: those are refused, each for the reason that stands here.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from encours.kernel.errors import DomainError
from invoice_svc.bank.reading import read
from invoice_svc.domain.bank_statement.content import StatedContent

SHELF = Path(__file__).parents[4] / "shared/data"
pytestmark = pytest.mark.skipif(not SHELF.exists(), reason=f"the statements of banks are not at {SHELF}")
UNKNOWN, INVALID, UNBALANCED = "bank-file-unknown", "bank-file-invalid", "bank-statement-unbalanced"
REFUSED = {
    "camt/camt052.v4.xml": (INVALID, "the amount is in SEK, the account in CHF"),
    "camt/camt052.v6.xml": (INVALID, "the amount is in SEK, the account in CHF"),
    "camt/camt053.v2.all-balance-types.xml": (UNBALANCED, "the difference is 5.82"),
    "camt/camt053.v2.minimal.ultimate.xml": (INVALID, "the amount is in SEK, the account in EUR"),
    "camt/camt053.v2.with-party-ids.xml": (INVALID, "the amount is in SEK, the account in EUR"),
    "camt/camt053.v3.xml": (INVALID, "the amount is in SEK, the account in EUR"),
    "camt/camt053.v8.xml": (INVALID, "the amount is in SEK, the account in EUR"),
    "cfonb120/pennylane_invalid_date.txt": (INVALID, "in a statement of"),
    "cfonb120/pennylane_operation.txt": (INVALID, "before the first old balance (01)"),
    "mt940/betterplace/amount_formats.sta": (UNKNOWN, ""),
    "mt940/betterplace/empty_86.sta": (UNKNOWN, ""),
    "mt940/betterplace/empty_line.sta": (INVALID, "names no currency"),
    "mt940/betterplace/sepa_snippet_broken.sta": (INVALID, "statement 1 has it already"),
    "mt940/cmxl/account_balance_debit.sta": (UNKNOWN, ""),
    "mt940/cmxl/account_identification_legacy.sta": (UNKNOWN, ""),
    "mt940/cmxl/closing_balance.sta": (UNKNOWN, ""),
    "mt940/cmxl/reference.sta": (INVALID, "names no currency"),
    "mt940/cmxl/statement_line.sta": (UNKNOWN, ""),
    "mt940/jejik/abnamro.sta": (UNBALANCED, "the difference is 2038.00"),
    "mt940/jejik/ing.sta": (UNBALANCED, "the difference is -49.06"),
    "mt940/jejik/postfinance.sta": (UNBALANCED, "the difference is -0.20"),
    "mt940/jejik/rabobank.sta": (UNBALANCED, "the difference is -1135.93"),
    "mt940/jejik/triodos.sta": (UNBALANCED, "the difference is -111.40"),
    "mt940/self-provided/details_60-63.sta": (UNBALANCED, "the difference is -234.01"),
    "mt940/self-provided/invalid_statement.sta": (UNKNOWN, ""),
    "mt940/self-provided/malformed_details.sta": (UNBALANCED, "the difference is -234.01"),
    "mt940/self-provided/multiline.sta": (INVALID, "follows the closing balance"),
    "mt940/self-provided/raiffeisen-cmi.sta": (UNBALANCED, "the difference is -1123264.00"),
    "mt940/self-provided/sparkassen.sta": (UNKNOWN, ""),
    "mt940/self-provided/whitespace.sta": (UNBALANCED, "the difference is -234.01"),
    "ofx/ofxparse__account_listing_aggregation.ofx": (INVALID, "no statement of a bank account"),
    "ofx/ofxparse__date_missing.ofx": (INVALID, "there is no DTPOSTED"),
    "ofx/ofxparse__signon_fail.ofx": (INVALID, "the bank answered with error 15500".capitalize()),
    "ofx/ofxparse__signon_success_no_message.ofx": (INVALID, "no statement of a bank account"),
}
OFX = {
    "lcl__check-without-payee": [(1, -1_000, 9_000)],
    "ofxparse__bank_medium": [(3, -34_527, 38_234)],
    "ofxparse__checking": [(3, -5_950, 10_099)],
    "ofxparse__empty_balance": [(1, 12_000, None)],
    "ofxparse__multiple_accounts2": [(0, 0, 11_100), (0, 0, 22_200)],
}


def files() -> list[str]:
    """Every bank file on the shelf."""
    return [
        path.relative_to(SHELF).as_posix()
        for folder in ("camt", "cfonb120", "mt940", "ofx")
        for path in sorted((SHELF / folder).rglob("*"))
        if path.suffix in (".xml", ".txt", ".sta", ".ofx") and path.name != "SOURCE.txt"
    ]


def expected(folder: str) -> dict[str, list[dict[str, str]]]:
    with (SHELF / folder / "expected.csv").open(encoding="utf-8") as rows:
        found: dict[str, list[dict[str, str]]] = {}
        for row in csv.DictReader(rows):
            found.setdefault(f"{folder}/{row['file']}", []).append(row)
    return found


def minor(text: str) -> int:
    return round(float(text) * 100)


@pytest.mark.parametrize("name", files())
def test_each_is_read_or_refused_for_its_reason(name: str) -> None:
    data = (SHELF / name).read_bytes()
    if name in REFUSED:
        code, detail = REFUSED[name]
        with pytest.raises(DomainError) as caught:
            read(data)
        assert caught.value.code == code
        assert detail in caught.value.detail
        return
    found = read(data)
    if name.startswith("camt/"):
        _check_camt(found, expected("camt")[name])
    elif name.startswith("mt940/"):
        _check_mt940(found, expected("mt940")[name])
    else:
        stated = [(len(x.lines), x.booked_minor, x.closing and x.closing.amount_minor) for x in found]
        assert stated == OFX[Path(name).stem]


def _check_camt(found: list[StatedContent], rows: list[dict[str, str]]) -> None:
    for content, row in zip(found, rows, strict=True):
        assert content.account == row["account"] or not row["account"]
        assert len(content.lines) == int(row["entries"])
        assert sum(x.amount_minor for x in content.lines if x.amount_minor > 0) == minor(row["sum_credit"])
        assert -sum(x.amount_minor for x in content.lines if x.amount_minor < 0) == minor(row["sum_debit"])
        balances = dict(each.split(":")[:2] for each in row["balances"].split(" | ") if each)
        if content.kind == "statement":
            assert content.opening is not None
            assert content.closing is not None
            assert content.opening.amount_minor == minor(balances["OPBD"])
            assert content.closing.amount_minor == minor(balances["CLBD"])


def _check_mt940(found: list[StatedContent], rows: list[dict[str, str]]) -> None:
    (row,) = rows  # the whole file; its sum counts a reversed credit as money in, so the balances tell
    if row["error"]:
        return
    assert sum(len(x.lines) for x in found) == int(row["transactions"])
    if row["closing"]:
        amount, currency, day = row["closing"].split()
        last = found[-1].closing
        assert last is not None
        assert (last.amount_minor, found[-1].currency, str(last.on)) == (minor(amount), currency, day)
    if len(found) == 1:
        assert found[0].booked_minor == minor(row["sum"])


def test_2000_damaged_ones_are_read_or_refused() -> None:
    chance = random.Random(5)
    originals = [(SHELF / name).read_bytes() for name in files() if (SHELF / name).stat().st_size < 20_000]
    for n in range(2_000):
        data = bytearray(originals[n % len(originals)])
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 9))
        try:
            found = read(bytes(data))
        except DomainError:
            continue
        for content in found:
            if content.kind == "statement" and content.opening and content.closing:
                assert content.opening.amount_minor + content.booked_minor == content.closing.amount_minor
