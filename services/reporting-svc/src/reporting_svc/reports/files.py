"""Files of a report's table: CSV and XLSX, by the writers of exports; no text in them is ever a formula."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal, get_args
from unicodedata import combining, normalize

from encours.kernel.money import Money
from reporting_svc.domain.report.catalogue import ColumnKind
from reporting_svc.domain.report.table import ReportTable, ReportValue
from reporting_svc.exports.layouts.tables import Cell, CellAmount, CellKind, CsvTable, TableColumn, Workbook

ReportFormat = Literal["csv", "xlsx"]
FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)
_KINDS: dict[ColumnKind, CellKind] = {
    "text": "text",
    "texts": "text",
    "day": "day",
    "number": "number",
    "percent": "number",
    "money": "money",
}


def report_file(table: ReportTable, wanted: ReportFormat, day: date) -> bytes:
    """Return the file of a table. The same table gives the same bytes."""
    columns = [TableColumn(each.name, _KINDS[each.kind]) for each in table.columns]
    rows = ([_cell(value) for value in row] for row in table.rows)
    if wanted == "csv":
        text = CsvTable(columns)
        return text.head() + text.body(rows)
    return _workbook(columns, rows, day)


def _workbook(columns: Sequence[TableColumn], rows: Iterable[Sequence[Cell]], day: date) -> bytes:
    with tempfile.TemporaryDirectory(prefix="encours-report-") as folder:
        target = Path(folder, "report.xlsx")
        book = Workbook(target, columns, day)
        book.add(rows)
        book.close()
        return target.read_bytes()


def _cell(value: ReportValue) -> Cell:
    return CellAmount(value.amount_minor, value.currency) if isinstance(value, Money) else value


def file_name(name: str, day: date, wanted: ReportFormat) -> str:
    """Return a name of letters, digits and hyphens, which needs no encoding in a header; ``é`` becomes ``e``."""
    letters = "".join(each for each in normalize("NFKD", name.lower()) if not combining(each))
    plain = "".join(each if each.isascii() and each.isalnum() else "-" for each in letters)
    words = [word for word in plain.split("-") if word]
    return f"{'-'.join(words)[:60] or 'report'}-{day}.{wanted}"
