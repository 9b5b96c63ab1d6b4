"""Tables: CSV for programs and spreadsheets, XLSX, Parquet. Nothing in a cell is ever run as a formula."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb
import xlsxwriter

from encours.kernel.money import exponent
from encours.kernel.texts import harmless
from reporting_svc.exports.layouts.text import amounts, plain

SHEET_ROWS = 1_048_576
"""Rows of a sheet (ECMA-376; Excel specifications and limits)."""


class CellAmount(NamedTuple):
    """Minor units of a currency."""

    minor: int
    currency: str


CellKind = Literal["text", "number", "day", "money"]


class TableColumn(NamedTuple):
    """Column of a table."""

    name: str
    kind: CellKind


Cell = str | int | Decimal | date | CellAmount | None
"""Value of a cell; ``None`` is empty."""
TableRow = Sequence[Cell]
MEDIA: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
"""Media types of tables by layout."""
_PARQUET: Mapping[CellKind, str] = {
    "text": "varchar",
    "number": "bigint",
    "day": "date",
    "money": "decimal(38, 4)",
}
_WIDTHS: Mapping[CellKind, int] = {"text": 24, "number": 12, "day": 12, "money": 18}
"""Characters that a column of a sheet shows: a number or a day that does not fit is a row of hashes."""
_READ: Mapping[CellKind, Callable[[str], Cell]] = {
    "text": str,
    "number": int,
    "day": date.fromisoformat,
    "money": Decimal,
}


class SheetTooLong(ValueError):
    """The table has more lines than a sheet has rows."""

    def __init__(self) -> None:
        super().__init__("A sheet has at most 1,048,576 rows. Ask for a shorter period, or for csv.")


def require_sheet(lines: int) -> None:
    """Raise :class:`SheetTooLong` unless that many lines and the names of the columns are in a sheet."""
    if lines >= SHEET_ROWS:
        raise SheetTooLong


class CsvTable:
    """RFC 4180, in UTF-8, a comma between fields and a point in amounts.

    For people it begins with a mark of UTF-8, and no text is one that a spreadsheet takes for a formula.
    """

    def __init__(self, columns: Sequence[TableColumn], *, for_people: bool = True) -> None:
        self._columns, self._text = columns, _cell if for_people else plain
        self._mark = "\ufeff" if for_people else ""

    def head(self) -> bytes:
        """Return the names of the columns."""
        return (self._mark + ",".join(column.name for column in self._columns) + "\r\n").encode()

    def body(self, rows: Iterable[TableRow]) -> bytes:
        """Return records of the file."""
        return "".join(",".join(map(self._field, row)) + "\r\n" for row in rows).encode()

    def _field(self, value: Cell) -> str:
        match value:
            case None:
                return ""
            case str():
                text = self._text(value)
                return '"' + text.replace('"', '""') + '"' if '"' in text or "," in text else text
            case CellAmount(minor, currency):
                return amounts(currency, ".")(minor)
            case _:
                return str(value)


def _cell(text: str) -> str:
    return harmless(plain(text))


class Workbook:
    """XLSX, written row by row in constant memory. Texts are texts: a cell never holds a formula."""

    def __init__(self, path: Path, columns: Sequence[TableColumn], day: date) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
        # Without it the file would bear the time at which it is written, and never be the same twice.
        self._book.set_properties({"created": datetime(day.year, day.month, day.day, tzinfo=UTC)})
        self._sheet, self._row = self._book.add_worksheet("Encours"), 1
        self._kinds = [column.kind for column in columns]
        head = self._book.add_format({"bold": True})
        self._money: dict[int, Any] = {}
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._sheet.freeze_panes(1, 0)
        for index, column in enumerate(columns):
            self._sheet.set_column(index, index, max(_WIDTHS[column.kind], len(column.name) + 4))
            self._sheet.write_string(0, index, column.name, head)

    def add(self, rows: Iterable[TableRow]) -> None:
        """Write rows. Raises :class:`SheetTooLong` beyond the last row of a sheet."""
        for row in rows:
            require_sheet(self._row)
            for index, value in enumerate(row):
                self._write(index, value)
            self._row += 1

    def _write(self, index: int, value: Cell) -> None:
        match value:
            case None | "":
                return
            case str():
                self._sheet.write_string(self._row, index, _cell(value))
            case CellAmount(minor, currency):
                digits = exponent(currency)
                self._sheet.write_number(self._row, index, minor / 10**digits, self._format(digits))
            case Decimal() if self._kinds[index] == "money":
                digits = -int(value.as_tuple().exponent)
                self._sheet.write_number(self._row, index, float(value), self._format(digits))
            case int() | Decimal():
                self._sheet.write_number(self._row, index, value)
            case _:
                self._sheet.write_datetime(self._row, index, value, self._day)

    def _format(self, digits: int) -> Any:
        if digits not in self._money:
            decimals = "." + "0" * digits if digits else ""
            self._money[digits] = self._book.add_format({"num_format": f"#,##0{decimals}"})
        return self._money[digits]

    def close(self) -> None:
        """Finish the file, with a filter on each column."""
        self._sheet.autofilter(0, 0, self._row - 1, len(self._kinds) - 1)
        self._book.close()


def write_workbook(source: Path, target: Path, columns: Sequence[TableColumn], day: date) -> None:
    """Write the workbook of a :class:`CsvTable` for programs: the same rows give the same bytes."""
    book = Workbook(target, columns, day)
    with source.open(encoding="utf-8", newline="") as file:
        records = csv.reader(file)
        next(records)
        book.add(_read(columns, records))
    book.close()


def _read(columns: Sequence[TableColumn], records: Iterable[Sequence[str]]) -> Iterator[TableRow]:
    kinds = [_READ[column.kind] for column in columns]
    for record in records:
        yield [read(text) if text else None for read, text in zip(kinds, record, strict=True)]


def write_parquet(source: Path, target: Path, columns: Sequence[TableColumn]) -> None:
    """Write the Parquet file of a :class:`CsvTable` for programs: dates are dates, amounts exact decimals."""
    types = ", ".join(f"'{column.name}': '{_PARQUET[column.kind]}'" for column in columns)
    with duckdb.connect(config={"memory_limit": "256MB", "threads": 1}) as db:
        db.execute(
            f"""copy (select * from read_csv('{source}', header = true, delim = ',', quote = '"', escape = '"',
                  columns = {{{types}}}, auto_detect = false, strict_mode = false))
                to '{target}' (format parquet, compression zstd)"""
        )
