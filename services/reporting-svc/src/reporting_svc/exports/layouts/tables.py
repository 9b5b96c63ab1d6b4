"""Tables: CSV for programs and spreadsheets, XLSX, Parquet. Nothing in a cell is ever run as a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from encours.kernel.money import exponent
from reporting_svc.exports.layouts.text import amounts, harmless, plain
from reporting_svc.exports.line import ExportLine

COLUMNS = (
    "journal", "journal_label", "entry", "booked_on", "account", "account_label", "auxiliary", "auxiliary_label",
    "piece", "label", "debit", "credit", "letter", "lettered_on", "validated_on", "foreign_amount", "foreign_currency",
)  # fmt: skip
SHEET_ROWS = 1_048_576
"""Rows of a sheet (ECMA-376; Excel specifications and limits)."""
_DATES = {"booked_on", "lettered_on", "validated_on"}


class SheetTooLong(Exception):
    """The journal has more lines than a sheet has rows."""


class CsvLayout:
    """RFC 4180, in UTF-8 with a mark of it for spreadsheets, a comma between fields and a point in amounts."""

    def __init__(self, currency: str, *, for_people: bool = True) -> None:
        self._amount, self._text = amounts(currency, "."), _cell if for_people else plain

    def head(self) -> bytes:
        """Return the names of the columns."""
        return ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()

    def body(self, lines: Iterable[ExportLine]) -> bytes:
        """Return records of the file."""
        return "".join(",".join(map(_quoted, self.cells(line))) + "\r\n" for line in lines).encode()

    def cells(self, line: ExportLine) -> Sequence[str]:
        """Return the texts of a line; for people none that a spreadsheet takes for a formula."""
        foreign = "" if line.currency is None else amounts(line.currency, ".")(line.foreign_minor)
        return (
            line.journal,
            line.journal_label,
            str(line.number),
            str(line.booked_on),
            line.account,
            line.account_label,
            self._text(line.auxiliary),
            self._text(line.auxiliary_label),
            self._text(line.piece),
            self._text(line.label),
            self._amount(line.debit_minor),
            self._amount(line.credit_minor),
            line.letter,
            str(line.lettered_on or ""),
            str(line.validated_on),
            foreign,
            line.currency or "",
        )


def _cell(text: str) -> str:
    return harmless(plain(text))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if '"' in text or "," in text else text


class Workbook:
    """XLSX, written row by row in constant memory. Texts are texts: a cell never holds a formula."""

    def __init__(self, path: Path, currency: str, day: date) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
        # Without it the file would bear the time at which it is written, and never be the same twice.
        self._book.set_properties({"created": datetime(day.year, day.month, day.day, tzinfo=UTC)})
        self._sheet = self._book.add_worksheet("Journal")
        self._digits, self._row = exponent(currency), 1
        self._money = self._book.add_format(
            {"num_format": "#,##0" + ("." + "0" * self._digits if self._digits else "")}
        )
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(COLUMNS):
            self._sheet.write_string(0, column, name)

    def add(self, lines: Iterable[ExportLine]) -> None:
        """Write lines. Raises :class:`SheetTooLong` beyond the last row of a sheet."""
        for line in lines:
            if self._row >= SHEET_ROWS:
                raise SheetTooLong
            for column, value in enumerate(self._values(line)):
                self._write(column, value)
            self._row += 1

    def _values(self, line: ExportLine) -> Sequence[Any]:
        return (
            line.journal, line.journal_label, line.number, line.booked_on, line.account, line.account_label,
            line.auxiliary, line.auxiliary_label, line.piece, line.label,
            float(line.debit_minor), float(line.credit_minor), line.letter, line.lettered_on, line.validated_on,
            None if line.currency is None else amounts(line.currency, ".")(line.foreign_minor), line.currency,
        )  # fmt: skip

    def _write(self, column: int, value: Any) -> None:
        match value:
            case None | "":
                return
            case str():
                self._sheet.write_string(self._row, column, _cell(value))
            case float():
                self._sheet.write_number(self._row, column, value / 10**self._digits, self._money)
            case int():
                self._sheet.write_number(self._row, column, value)
            case _:
                self._sheet.write_datetime(self._row, column, value, self._day)

    def close(self) -> None:
        """Finish the file."""
        self._book.close()


def write_parquet(source: Path, target: Path, currency: str) -> None:
    """Write the Parquet file of a CSV file of :class:`CsvLayout`: dates are dates, amounts exact decimals."""
    digits = exponent(currency)
    types: dict[str, str] = dict.fromkeys(COLUMNS, "varchar")
    types |= dict.fromkeys(_DATES, "date") | {"entry": "bigint"}
    types |= {
        "debit": f"decimal(18, {digits})",
        "credit": f"decimal(18, {digits})",
        "foreign_amount": "decimal(18, 4)",
    }
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    with duckdb.connect(config={"memory_limit": "256MB", "threads": 1}) as db:
        db.execute(
            f"""copy (select * from read_csv('{source}', header = true, delim = ',', quote = '"', escape = '"',
                  columns = {{{columns}}}, auto_detect = false, strict_mode = false))
                to '{target}' (format parquet, compression zstd)"""
        )
