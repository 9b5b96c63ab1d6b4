"""The reader that our FEC files are held to: it reads a file of another hand, and knows the rules of the DGFiP."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e import fec

OTHER = Path(__file__).parents[1] / "data/fec/123456782FEC20261231.txt"
SHELF = Path(__file__).parents[3] / "shared/data/fec"
SCHEMA, FIELDS = SHELF / "formatA47A-I-VII-1.xsd", SHELF / "fec_fields_fmt_arrete.csv"
XS = "{http://www.w3.org/2001/XMLSchema}"
on_the_shelf = pytest.mark.skipif(not SCHEMA.exists(), reason=f"the rules of the DGFiP are not at {SHELF}")
BREACHES = {
    "no name of the rules": ("", "", "FEC2026.txt"),
    "two columns in another order": ("JournalCode\tJournalLib", "JournalLib\tJournalCode", OTHER.name),
    "no end of the last record": ("\t20261020\t\t\r\nBQ", "\t20261020\t\t\nBQ", OTHER.name),
    "a field that is missing": ("\tFA-2026-0001\t20261001\tFacture", "\t\t20261001\tFacture", OTHER.name),
    "the other separator": ("Librairie du Parc", "Librairie|Parc", OTHER.name),
    "letters in an account": ("\t706000\t", "\t70A000\t", OTHER.name),
    "an account of no class": ("\t706000\t", "\t906000\t", OTHER.name),
    "a date with hyphens": ("\t2\t20261020", "\t2\t2026-10-20", OTHER.name),
    "a date that is none": ("\t2\t20261020", "\t2\t20261320", OTHER.name),
    "a date of another year": ("\t2\t20261020", "\t2\t20251020", OTHER.name),
    "a point in an amount": ("0,00\t100,00", "0,00\t100.00", OTHER.name),
    "both sides": ("0,00\t100,00", "100,00\t100,00", OTHER.name),
    "a gap": ("Banque\t2\t", "Banque\t3\t", OTHER.name),
    "a line alone": ("BQ\tBanque\t2\t20261020\t411000", "BQ\tBanque\t3\t20261020\t411000", OTHER.name),
    "an entry that does not balance": ("0,00\t20,00", "0,00\t20,01", OTHER.name),
    "an entry validated before its date": ("\t20261020\t\t\r\n", "\t20261019\t\t\r\n", OTHER.name),
    "an earlier validation": ("\t20261001\t\t\r\nBQ", "\t20261021\t\t\r\nBQ", OTHER.name),
    "a code without its date": ("\tA\t20261020\t", "\tA\t\t", OTHER.name),
    "an amount without its currency": ("20261001\t\t\r\n", "20261001\t5,00\t\r\n", OTHER.name),
}


def test_a_file_of_another_hand_is_read_and_lettered_back() -> None:
    rows = fec.read(OTHER.name, OTHER.read_bytes())
    assert [(row["EcritureNum"], row["CompteLib"]) for row in rows[2:]] == [
        ("1", "TVA collectée"), ("2", "Banque"), ("2", "Clients"),
    ]  # fmt: skip
    assert list(fec.items(rows)) == [("C001", "A", {"FA-2026-0001", "VIR-77"}, Decimal(0))]
    assert fec.left_open(rows, {"FA-2026-0001": Decimal(0)}) == {}
    assert [fec.balance(rows, account) for account in ("411", "706", "512")] == [0, -100, 120]


@pytest.mark.parametrize("breach", BREACHES)
def test_a_file_that_breaks_a_rule_is_refused(breach: str) -> None:
    before, after, name = BREACHES[breach]
    content = OTHER.read_bytes()
    broken = content.replace(before.encode(), after.encode())
    assert broken != content or name != OTHER.name
    with pytest.raises((AssertionError, ValueError)):
        fec.read(name, broken)


@on_the_shelf
def test_the_reader_knows_the_fields_of_the_rules_in_their_order() -> None:
    with FIELDS.open(encoding="utf-8") as file:
        listed = [name for name, _, _ in csv.reader(file, delimiter=";")]
    assert tuple(listed[: len(fec.NAMES)]) == fec.NAMES


@on_the_shelf
def test_the_reader_asks_for_no_less_than_the_schema_of_the_tax_authority() -> None:
    root = ElementTree.parse(SCHEMA).getroot()
    stated = {
        each.get("name") or each.get("ref"): each
        for each in root.iter(f"{XS}element")
        if each.get("minOccurs")
    }
    needed = {name for name in fec.NAMES if name in stated and stated[name].get("minOccurs") == "1"}
    assert needed == set(fec.NAMES) - fec.OPTIONAL
    dates = {name for name in fec.NAMES if name in stated and stated[name].get("type") == "UnionDate"}
    assert dates == set(fec.DATES)
    assert stated["ligne"].get("minOccurs") == str(fec.LINES_MIN)
    account = root.find(f"{XS}simpleType[@name='NumCompteFormat']//{XS}pattern")
    assert account is not None
    assert account.get("value") == f"({fec.ACCOUNT})"
