"""Journal as a table."""

from __future__ import annotations

from collections.abc import Iterable

from reporting_svc.exports.layouts.tables import CellAmount, CsvTable, TableColumn, TableRow
from reporting_svc.exports.line import ExportLine

JOURNAL_COLUMNS = (
    TableColumn("journal", "text"),
    TableColumn("journal_label", "text"),
    TableColumn("entry", "number"),
    TableColumn("booked_on", "day"),
    TableColumn("account", "text"),
    TableColumn("account_label", "text"),
    TableColumn("auxiliary", "text"),
    TableColumn("auxiliary_label", "text"),
    TableColumn("piece", "text"),
    TableColumn("label", "text"),
    TableColumn("debit", "money"),
    TableColumn("credit", "money"),
    TableColumn("letter", "text"),
    TableColumn("lettered_on", "day"),
    TableColumn("validated_on", "day"),
    TableColumn("foreign_amount", "money"),
    TableColumn("foreign_currency", "text"),
)


def journal_row(line: ExportLine, currency: str) -> TableRow:
    """Return the row of a line; ``currency`` is that of the books."""
    return (
        line.journal,
        line.journal_label,
        line.number,
        line.booked_on,
        line.account,
        line.account_label,
        line.auxiliary,
        line.auxiliary_label,
        line.piece,
        line.label,
        CellAmount(line.debit_minor, currency),
        CellAmount(line.credit_minor, currency),
        line.letter,
        line.lettered_on,
        line.validated_on,
        None if line.currency is None else CellAmount(line.foreign_minor, line.currency),
        line.currency,
    )


class JournalCsv:
    """CSV of a journal, for spreadsheets, or for the program that makes another table of it."""

    def __init__(self, currency: str, *, for_people: bool = True) -> None:
        self._currency, self._table = currency, CsvTable(JOURNAL_COLUMNS, for_people=for_people)

    def head(self) -> bytes:
        """Return the names of the columns."""
        return self._table.head()

    def body(self, lines: Iterable[ExportLine]) -> bytes:
        """Return records of the file."""
        return self._table.body(journal_row(line, self._currency) for line in lines)
