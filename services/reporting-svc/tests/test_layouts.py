"""Layouts of exports: fixed columns where a software expects them, and no formula in any cell."""

import csv
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from encours.kernel.errors import Invalid
from encours.kernel.texts import harmless
from reporting_svc.exports.layouts.fec import FecLayout, file_name
from reporting_svc.exports.layouts.journal import JOURNAL_COLUMNS, journal_row
from reporting_svc.exports.layouts.software import CegidLayout, QuadraLayout, SageLayout
from reporting_svc.exports.layouts.tables import (
    SHEET_ROWS,
    CellAmount,
    CsvTable,
    SheetTooLong,
    TableColumn,
    Workbook,
    require_sheet,
    write_parquet,
    write_workbook,
)
from reporting_svc.exports.layouts.text import amounts, plain, right
from reporting_svc.exports.line import ExportLine
from reporting_svc.http.exports.bodies import ExportBody
from reporting_svc.read_models.journal.letters import letter_code

DAY = date(2026, 3, 31)
LINE = ExportLine(
    "VE", "Ventes", 7, DAY, "411000", "Clients", "DUPONT", "Dupont SARL", "FAC-2026-0007", "Facture FAC-2026-0007",
    28_800, 0, "AB", date(2026, 4, 30), date(2026, 4, 1), 28_800, None,
)  # fmt: skip
EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", '=HYPERLINK("http://x")')


def test_a_record_of_the_fec_has_eighteen_fields_as_the_law_writes_them() -> None:
    assert FecLayout("EUR").body([LINE]).decode() == (
        "VE\tVentes\t7\t20260331\t411000\tClients\tDUPONT\tDupont SARL\tFAC-2026-0007\t20260331\t"
        "Facture FAC-2026-0007\t288,00\t0,00\tAB\t20260430\t20260401\t\t\r\n"
    )
    foreign = replace(LINE, foreign_minor=-12_000, currency="USD", letter="", lettered_on=None)
    assert FecLayout("EUR").body([foreign]).decode().endswith("\t\t\t20260401\t-120,00\tUSD\r\n")


def test_a_fec_is_named_by_siren_and_closing_day() -> None:
    assert file_name("552100554", date(2026, 12, 31)) == "552100554FEC20261231.txt"
    assert file_name(None, date(2026, 12, 31)) == "000000000FEC20261231.txt"


@given(st.text())
def test_no_text_breaks_a_record_apart(text: str) -> None:
    record = FecLayout("EUR").body([replace(LINE, label=text, auxiliary_label=text, piece=text)]).decode()
    assert (record.count("\t"), record.count("|"), len(record.splitlines())) == (17, 0, 1)


def test_accounts_that_a_separator_tells_apart_stay_two() -> None:
    accounts = [replace(LINE, auxiliary=text) for text in ("A|B", "A B")]
    written = [
        record.split("\t")[6] for record in FecLayout("EUR").body(accounts).decode().split("\r\n")[:-1]
    ]
    assert written == ["A¦B", "A B"]
    rows = CsvTable(JOURNAL_COLUMNS).body(journal_row(line, "EUR") for line in accounts).decode()
    assert [row[6] for row in csv.reader(rows.splitlines())] == ["A|B", "A B"]


def test_cegid_finds_its_fields_in_their_columns() -> None:
    record = CegidLayout("EUR").body([LINE]).decode("cp1252").rstrip("\r\n")
    assert len(record) == 222
    assert (record[:3], record[3:11], record[11:13], record[13:30].strip()) == (
        "VE ",
        "31032026",
        "FC",
        "411000",
    )
    assert (record[30], record[31:48].strip(), record[48:83].strip()) == ("X", "DUPONT", "FAC-2026-0007")
    assert (record[129], record[130:150].strip(), record[150]) == ("D", "288,00", "N")
    assert (record[151:159], record[159:162], record[172:175]) == ("00000007", "EUR", "E--")
    assert CegidLayout("EUR").head().startswith(b"***S5CLIJRLSTD")


def test_an_entry_beyond_eight_digits_moves_no_field_of_cegid() -> None:
    record = CegidLayout("EUR").body([replace(LINE, number=123_456_789)]).decode("cp1252").rstrip("\r\n")
    assert (len(record), record[151:159], record[159:162]) == (222, "23456789", "EUR")


def test_quadra_finds_its_fields_in_their_columns() -> None:
    record = QuadraLayout("EUR").body([replace(LINE, debit_minor=0, credit_minor=28_800)]).decode("cp1252")
    fields = {at: record[at - 1 : at - 1 + width] for at, width in QUADRA.items()}
    assert fields == {
        1: "M", 2: "DUPONT  ", 10: "VE", 12: "000", 15: "310326", 22: "Facture FAC-2026-000", 42: "C",
        43: "+000000028800", 100: "026-0007", 108: "EUR", 111: "VE ", 117: "Facture FAC-2026-0007".ljust(30),
        149: "-2026-0007",
    }  # fmt: skip


QUADRA = {1: 1, 2: 8, 10: 2, 12: 3, 15: 6, 22: 20, 42: 1, 43: 13, 100: 8, 108: 3, 111: 3, 117: 30, 149: 10}
"""Position from 1 and width."""


def test_sage_finds_its_fields_in_their_columns() -> None:
    record = SageLayout("EUR", "Atelier Lumière SAS").body([LINE]).decode("cp1252").rstrip("\r\n")
    assert len(record) == 138
    assert (record[:3], record[3:9], record[9:11], record[11:24].strip()) == ("VE ", "310326", "FC", "411000")
    assert (record[24], record[25:38].strip(), record[83], record[84:104].strip()) == (
        "X",
        "DUPONT",
        "D",
        "288,00",
    )
    assert SageLayout("EUR", "Atelier Lumière SAS").head().decode("cp1252") == "Atelier Lumière SAS\r\n"


@pytest.mark.parametrize(
    ("layout", "place"),
    [
        (SageLayout("EUR", "SAS"), slice(38, 51)),
        (CegidLayout("EUR"), slice(48, 83)),
        (QuadraLayout("EUR"), slice(148, 158)),
    ],
)
def test_documents_of_a_series_have_different_references_however_long(layout: Any, place: slice) -> None:
    """A field that kept the beginning of ``FAC-2026-000007`` would be the same for a hundred invoices."""
    numbers = ("FAC-2026-000007", "FAC-2026-000008", "FACTURES-CLIENTS-FRANCE-LYON/2026-000009")
    written = [layout.body([replace(LINE, piece=each)]).decode("cp1252")[place].strip() for each in numbers]
    assert [number.endswith(each) for number, each in zip(numbers, written, strict=True)] == [True] * 3
    assert len(set(written)) == 3


@pytest.mark.parametrize("layout", [SageLayout("EUR", "SAS"), CegidLayout("EUR"), QuadraLayout("EUR")])
def test_an_account_that_does_not_fit_is_refused_as_it_could_become_that_of_another(layout: Any) -> None:
    with pytest.raises(ValueError, match="external_ref"):
        layout.body([replace(LINE, auxiliary="cus_01a229c4049a7eea8066864100bba06a")])


@pytest.mark.parametrize("layout", [SageLayout("EUR", "SAS"), CegidLayout("EUR"), QuadraLayout("EUR")])
def test_an_account_that_the_code_page_lacks_is_refused_as_it_could_become_that_of_another(
    layout: Any,
) -> None:
    with pytest.raises(ValueError, match="cp1252"):
        layout.body([replace(LINE, auxiliary="客1")])
    assert "GÉRARD?".encode("cp1252") in layout.body([replace(LINE, auxiliary="GÉRARD?")])


def test_quadra_names_the_currency_of_the_books_and_refuses_one_without_cents() -> None:
    assert QuadraLayout("GBP").body([LINE]).decode("cp1252")[107:110] == "GBP"
    for currency in ("JPY", "KWD"):
        with pytest.raises(ValueError, match=currency):
            QuadraLayout(currency)


@pytest.mark.parametrize("code", ["512000", "707", "1002", "411000"])
def test_quadra_refuses_a_customer_whose_code_is_an_account_of_the_general_ledger(code: str) -> None:
    with pytest.raises(ValueError, match=code):
        QuadraLayout("EUR").body([replace(LINE, auxiliary=code)])
    for own in ("411DUPON", "0DUPONT", "C1002", "10"):
        assert own.ljust(8).encode() in QuadraLayout("EUR").body([replace(LINE, auxiliary=own)])


def test_an_amount_that_does_not_fit_is_never_cut() -> None:
    with pytest.raises(ValueError, match="more than 4"):
        right("12345", 4)
    with pytest.raises(ValueError, match="more than 12"):
        QuadraLayout("EUR").body([replace(LINE, debit_minor=10**12)])


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_of_a_csv_begins_a_formula(text: str) -> None:
    evil = replace(LINE, auxiliary=text, auxiliary_label=text, piece=text, label=text)
    row = journal_row(evil, "EUR")
    (cells,) = csv.reader(CsvTable(JOURNAL_COLUMNS).body([row]).decode().splitlines())
    assert all(not cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)
    (cells,) = csv.reader(CsvTable(JOURNAL_COLUMNS, for_people=False).body([row]).decode().splitlines())
    assert cells[9] == plain(text)
    assert harmless("Dupont = fils; Paris - 12") == "Dupont = fils; Paris - 12"


@given(st.text(alphabet='=+-@＝＋－＠;, "a'))
def test_no_part_between_semicolons_begins_a_formula(text: str) -> None:
    record = CsvTable(JOURNAL_COLUMNS).body([journal_row(replace(LINE, label=text, piece=text), "EUR")])
    (cells,) = csv.reader(record.decode().splitlines())
    parts = [part for cell in cells for part in cell.split(";")]  # as Excel in French reads them
    assert not any(part.lstrip().startswith(tuple("=+-@＝＋－＠")) for part in parts)
    assert [cell.replace("'", "") for cell in cells[8:10]] == [text, text]


def test_a_workbook_has_no_formula_and_the_same_lines_are_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("a.xlsx", "b.xlsx"):
        book = Workbook(tmp_path / name, JOURNAL_COLUMNS, DAY)
        book.add([journal_row(replace(LINE, label=text), "EUR") for text in EVIL])
        book.close()
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert sheet.count(b"<row ") == len(EVIL) + 1
    assert b"<f>" not in sheet


def test_a_sheet_shows_days_and_amounts_whole_and_can_be_filtered(tmp_path: Path) -> None:
    columns = [
        TableColumn("due_on", "day"),
        TableColumn("open", "money"),
        TableColumn("days_past_due_date", "number"),
    ]
    book = Workbook(tmp_path / "a.xlsx", columns, DAY)
    book.add([(DAY, CellAmount(-1_234_567_890_12, "EUR"), 7)])
    book.close()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    widths = [float(found) for found in re.findall(r'<col [^>]*width="([0-9.]+)"', sheet)]
    assert [
        width > len(text)
        for width, text in zip(widths, ("2026-03-31", "-1,234,567,890.12", columns[2].name), strict=True)
    ] == [True] * 3
    assert '<autoFilter ref="A1:C2"/>' in sheet


def test_a_workbook_of_stored_rows_is_that_of_the_rows_themselves(tmp_path: Path) -> None:
    yen = replace(LINE, label='  a, "b"', lettered_on=None, letter="", foreign_minor=-5, currency="JPY")
    dinar = replace(
        LINE, number=2**40, debit_minor=0, credit_minor=1, foreign_minor=1_234_567, currency="KWD"
    )
    rows = [journal_row(line, "EUR") for line in (LINE, yen, dinar)]
    book = Workbook(tmp_path / "direct.xlsx", JOURNAL_COLUMNS, DAY)
    book.add(rows)
    book.close()
    layout = CsvTable(JOURNAL_COLUMNS, for_people=False)
    (tmp_path / "rows.csv").write_bytes(layout.head() + layout.body(rows))
    write_workbook(tmp_path / "rows.csv", tmp_path / "stored.xlsx", JOURNAL_COLUMNS, DAY)
    assert (tmp_path / "stored.xlsx").read_bytes() == (tmp_path / "direct.xlsx").read_bytes()


def test_a_sheet_has_no_more_rows_than_programs_open() -> None:
    require_sheet(SHEET_ROWS - 1)
    with pytest.raises(SheetTooLong, match="shorter period"):
        require_sheet(SHEET_ROWS)


def test_parquet_holds_exact_decimals_and_dates(tmp_path: Path) -> None:
    odd = replace(LINE, label='=a,"b"', lettered_on=None, letter="", foreign_minor=5, currency="JPY")
    layout = CsvTable(JOURNAL_COLUMNS, for_people=False)
    rows = layout.body(journal_row(line, "EUR") for line in (LINE, odd))
    (tmp_path / "lines.csv").write_bytes(layout.head() + rows)
    write_parquet(tmp_path / "lines.csv", tmp_path / "lines.parquet", JOURNAL_COLUMNS)
    with duckdb.connect() as db:
        asked = (
            "select label, debit::varchar, lettered_on, foreign_amount from read_parquet(?) order by label"
        )
        found = db.execute(asked, [str(tmp_path / "lines.parquet")]).fetchall()
    assert [row[:3] for row in found] == [
        ('=a,"b"', "288.0000", None),
        ("Facture FAC-2026-0007", "288.0000", date(2026, 4, 30)),
    ]


def test_parquet_holds_the_largest_amount_of_a_currency_without_cents(tmp_path: Path) -> None:
    largest, columns = 2**63 - 1, (TableColumn("outstanding", "money"),)
    layout = CsvTable(columns, for_people=False)
    (tmp_path / "lines.csv").write_bytes(layout.head() + layout.body([(CellAmount(largest, "JPY"),)]))
    write_parquet(tmp_path / "lines.csv", tmp_path / "lines.parquet", columns)
    with duckdb.connect() as db:
        found = db.execute("select outstanding from read_parquet(?)", [str(tmp_path / "lines.parquet")])
        assert found.fetchone() == (largest,)


def test_amounts_are_written_in_the_decimals_of_their_currency() -> None:
    assert [amounts(code)(-1_205) for code in ("EUR", "JPY", "KWD")] == ["-12,05", "-1205", "-1,205"]


def test_codes_of_letters_have_capitals_when_the_item_is_settled() -> None:
    codes = [letter_code(number, is_full=True) for number in (1, 26, 27, 702, 703)]
    assert codes == ["A", "Z", "AA", "ZZ", "AAA"]
    assert letter_code(27, is_full=False) == "aa"


def test_fields_that_do_not_belong_together_are_refused() -> None:
    entity: dict[str, Any] = {"entity_id": "ent_" + "0" * 32}
    for wrong in (
        {"kind": "fec"},
        {"kind": "fec", "year": 2026, "layout": "csv"},
        {"kind": "fec", "year": 2026, "as_of": "2026-06-30"},
        {"kind": "journal", "layout": "csv", "from": "2026-01-01"},
        {"kind": "journal", "from": "2026-01-01", "to": "2026-01-31"},
        {"kind": "journal", "layout": "csv", "from": "2026-02-01", "to": "2026-01-31"},
        {"kind": "open_items", "layout": "sage", "as_of": "2026-01-31"},
        {"kind": "open_items", "layout": "csv"},
        {"kind": "open_items", "layout": "csv", "as_of": "2026-01-31", "group_by": "segment"},
        {"kind": "aged_balance", "layout": "csv", "as_of": "2026-01-31", "bands": "60,30"},
        {"kind": "fec", "year": 2026, "group_by": "segment"},
        {"kind": "journal", "layout": "csv", "from": "2026-01-01", "to": "2026-01-31", "by": "due_date"},
        {"kind": "aged_balance", "layout": "csv", "as_of": "2026-01-31", "accounts": {"sales": "706000"}},
        {"kind": "fec", "year": 2026, "from": "2026-01-01", "to": "2026-12-31"},
        {"kind": "fec", "from": "2026-07-01"},
        {"kind": "fec", "from": "2026-07-01", "to": "2028-07-01"},
    ):
        with pytest.raises(Invalid):
            ExportBody.model_validate(entity | wrong).to_command()


def test_a_financial_year_is_a_calendar_year_or_begins_and_ends_on_any_day() -> None:
    entity: dict[str, Any] = {"entity_id": "ent_" + "0" * 32}
    year = ExportBody.model_validate(entity | {"kind": "fec", "year": 2026}).to_command()
    assert (year.layout, year.first_on, year.last_on) == ("fec", date(2026, 1, 1), date(2026, 12, 31))
    days = {"kind": "fec", "from": "2025-07-01", "to": "2026-06-30"}
    year = ExportBody.model_validate(entity | days).to_command()
    assert (year.layout, year.first_on, year.last_on) == ("fec", date(2025, 7, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"kind": "fec", "year": 2026}, "/year"),
        ({"kind": "fec", "from": "2026-01-01", "to": "2026-12-31"}, "/from"),
        ({"kind": "journal", "layout": "sage", "from": "2026-01-01", "to": "2026-12-31"}, "/from"),
        ({"kind": "open_items", "layout": "csv", "as_of": "2026-01-01"}, "/as_of"),
    ],
)
def test_the_first_day_is_named_by_the_field_that_was_sent(fields: dict[str, Any], pointer: str) -> None:
    body = ExportBody.model_validate({"entity_id": "ent_" + "0" * 32} | fields)
    assert body.to_command().begins_at == pointer
